"""What a deployment gives the gateway: a table, buckets, vectors, a parameter and settings, in an emulator of AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.browser.bedrock import DIMENSIONS
from tests.twin.helpers import make_gateway_table
from tests.twin.vectors import make_index
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION
from twin.processes.ports import free_port

ROOT = Path(__file__).parents[2]
PARAMETER, TABLE, RAW, DOCUMENTS, MODELS = (
    "/browser/target",
    "browser-gateway",
    "browser-raw",
    "browser-documents",
    "browser-models",
)
VECTORS, INDEX = "browser-vectors", "passages"
STATE_MACHINE = "browser"
CENT = 0.01
EMBEDDING = "amazon.titan-embed-text-v2:0"
TARGET = {
    "kind": "sagemaker",
    "endpoint": "tuned",
    "model_package_arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/fourfold/3",
    "run_id": "run-3",
}


def model(name: str, *, sampling: bool = True, usd_per_million: float = 1.0) -> dict[str, Any]:
    """Give a model's settings."""
    return {
        "name": name,
        "platform": "bedrock",
        "model_id": name,
        "context_tokens": 8000,
        "sampling": sampling,
        "streaming": True,
        "prompt_caching": False,
        "price": {"input_usd_per_million": usd_per_million, "output_usd_per_million": 4 * usd_per_million},
    }


SETTINGS: dict[str, Any] = {
    "instruction": "Summarize the text in one sentence.",
    "task_kind": "summarization",
    "limits": {
        "max_input_characters": 200_000,
        "max_output_tokens": 512,
        "max_chat_tokens": 512,
        "max_document_bytes": 5_000_000,
        "max_passages": 5,
    },
    "models": [model("small"), model("large"), model("plain", sampling=False), model("dear", usd_per_million=5_000.0)],
    "approved_price": None,
    "fallback": {},
    "embedding": {"name": "titan", "model_id": EMBEDDING, "dimensions": DIMENSIONS, "price": None},
    "cache": {"exact": True, "ttl_seconds": 3600, "semantic": None},
    "budget": {"caller_usd_per_day": 5 * CENT, "usd_per_day": None},
    "guard": {"attacks": False},
    "least_evidence": 0.31,
}
LIMITS = {
    "text_characters": SETTINGS["limits"]["max_input_characters"],
    "document_bytes": SETTINGS["limits"]["max_document_bytes"],
}


def prepare(emulator: Emulator) -> None:
    """Make what the gateway's stack makes."""
    emulator.client("ssm").put_parameter(Name=PARAMETER, Value=json.dumps(TARGET), Type="String")
    make_gateway_table(emulator, TABLE)
    for bucket in (RAW, DOCUMENTS, MODELS):
        emulator.client("s3").create_bucket(Bucket=bucket)
    _make_state_machine(emulator)
    emulator.client("s3vectors").create_vector_bucket(vectorBucketName=VECTORS)
    not_filterable = {"nonFilterableMetadataKeys": ["text"]}
    make_index(emulator, VECTORS, indexName=INDEX, dimension=DIMENSIONS, metadataConfiguration=not_filterable)


def _make_state_machine(emulator: Emulator) -> None:
    """Make a workflow that takes as long as its input says."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = emulator.client("iam").create_role(RoleName="browser-states", AssumeRolePolicyDocument=json.dumps(trust))
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "SecondsPath": "$.wait", "End": True}}}
    emulator.client("stepfunctions").create_state_machine(
        name=STATE_MACHINE, definition=json.dumps(definition), roleArn=role["Role"]["Arn"]
    )


@contextmanager
def page(
    emulator: Emulator, models_url: str, config: dict[str, Any], folder: Path, port: int | None = None
) -> Iterator[str]:
    """Serve the page, with the gateway behind it; gives its address."""
    settings = folder / "gateway.json"
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    port = port or free_port()
    with (folder / "site.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.site", str(port)],
            env=_environment(emulator, models_url, settings, {**config, "limits": LIMITS}),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/config.json", process, folder / "site.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for_quiet(address: str) -> None:
    """Wait until a page's gateway has ended what it was asked, also by who has left meanwhile."""
    with urlopen(f"{address}/quiet", timeout=90):
        pass


def learned(emulator: Emulator) -> list[str]:
    """Give the records that models may learn from, as they lie in the raw bucket."""
    s3 = emulator.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=RAW, Prefix="feedback/").get("Contents", [])]
    return [s3.get_object(Bucket=RAW, Key=key)["Body"].read().decode() for key in keys]


def _environment(emulator: Emulator, models_url: str, settings: Path, config: dict[str, Any]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        **emulator.environment(),
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": models_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": models_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": models_url,
        "PYTHONPATH": str(ROOT),
        "PAGE_CONFIG": json.dumps(config),
        "SERVICE_NAME": "browser",
        "GATEWAY_SETTINGS": str(settings),
        "TARGET_PARAMETER": PARAMETER,
        "MODELS_BUCKET": MODELS,
        "GATEWAY_TABLE": TABLE,
        "FEEDBACK_BUCKET": RAW,
        "FEEDBACK_PREFIX": "feedback/",
        "DOCUMENTS_BUCKET": DOCUMENTS,
        "VECTOR_BUCKET": VECTORS,
        "VECTOR_INDEX": INDEX,
        "STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{STATE_MACHINE}",
    }


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"The page's server did not start:\n{log.read_text(encoding='utf-8')}")
