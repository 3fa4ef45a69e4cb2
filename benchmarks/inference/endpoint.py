"""A SageMaker endpoint as `stacks/serving.py` deploys it, in an emulator with IAM enforced.

It is asked by a user who may invoke it and nothing else, through boto3: signature, policies, the runtime's checks and
the container's log are part of what is measured.
"""

from __future__ import annotations

import json
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.inference import chat
from benchmarks.inference.load import Counted
from cdk_app.constructs.images import INFERENCE_REPOSITORY, INFERENCE_TAG
from stacks.serving import VARIANT, container_environment
from twin.emulator import Emulator
from twin.model_server import PROGRAM_VARIABLE

_NAME = "bench"
_IMAGE = f"763104351884.dkr.ecr.us-east-1.amazonaws.com/{INFERENCE_REPOSITORY}:{INFERENCE_TAG}"
_START_S = 300
Json = dict[str, Any]


class Endpoint:
    """An endpoint in service; `pid` is the process that everything of it descends from."""

    def __init__(self, emulator: Emulator, requests: int) -> None:
        self.pid = emulator.pid
        self._runtime = _invoker(emulator, requests)

    def ask(self, prompt: str, tokens: int) -> Counted:
        """Invoke the endpoint once."""
        body = chat.request(prompt, tokens)
        answer = self._runtime.invoke_endpoint(EndpointName=_NAME, ContentType="application/json", Body=body)
        return chat.counted(json.load(answer["Body"]), tokens)


@contextmanager
def served(gguf: Path, folder: Path, requests: int, program: Path | None = None) -> Iterator[Endpoint]:
    """Bring a serverless endpoint up that answers so many requests at a time, and end it.

    A llama-server serves behind it, or without one the llama.cpp that is installed.
    """
    os.environ[PROGRAM_VARIABLE] = str(program or "")
    with Emulator(folder / "emulator") as emulator:
        _create(emulator, _archive(gguf, folder), requests)
        yield Endpoint(emulator, requests)


def _archive(gguf: Path, folder: Path) -> Path:
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as file:
        file.add(gguf, "model.gguf")
    return archive


def _create(emulator: Emulator, archive: Path, requests: int) -> None:
    s3, sagemaker = emulator.client("s3"), emulator.client("sagemaker")
    s3.create_bucket(Bucket=_NAME)
    s3.upload_file(str(archive), _NAME, archive.name)
    sagemaker.create_model(
        ModelName=_NAME,
        ExecutionRoleArn=_model_role(emulator),
        PrimaryContainer={
            "Image": _IMAGE,
            "ModelDataUrl": f"s3://{_NAME}/{archive.name}",
            "Environment": container_environment(),
        },
    )
    serverless = {"MemorySizeInMB": 3072, "MaxConcurrency": requests}
    variant = {"VariantName": VARIANT, "ModelName": _NAME, "ServerlessConfig": serverless}
    sagemaker.create_endpoint_config(EndpointConfigName=_NAME, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=_NAME, EndpointConfigName=_NAME)
    _wait_for(sagemaker)


def _wait_for(sagemaker: Any) -> None:
    deadline = time.monotonic() + _START_S
    while (endpoint := sagemaker.describe_endpoint(EndpointName=_NAME))["EndpointStatus"] == "Creating":
        if time.monotonic() > deadline:
            raise TimeoutError(f"The endpoint did not come up within {_START_S} seconds.")
        time.sleep(0.2)
    if endpoint["EndpointStatus"] != "InService":
        raise RuntimeError(f"The endpoint did not come up: {endpoint.get('FailureReason')}")


def _model_role(emulator: Emulator) -> str:
    iam = emulator.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role: str = iam.create_role(RoleName=_NAME, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    read = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{_NAME}/*"}
    log = {"Effect": "Allow", "Action": ["logs:*"], "Resource": "*"}
    iam.put_role_policy(RoleName=_NAME, PolicyName=_NAME, PolicyDocument=_policy(read, log))
    return role


def _invoker(emulator: Emulator, requests: int) -> Any:
    """Return a client of a user who may invoke the endpoint."""
    iam = emulator.client("iam")
    iam.create_user(UserName=_NAME)
    invoke = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": f"arn:aws:sagemaker:*:*:*/{_NAME}"}
    iam.put_user_policy(UserName=_NAME, PolicyName=_NAME, PolicyDocument=_policy(invoke))
    key = iam.create_access_key(UserName=_NAME)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1").client(
        "sagemaker-runtime",
        endpoint_url=emulator.endpoint_url,
        config=Config(max_pool_connections=requests, proxies={}, read_timeout=600, retries={"total_max_attempts": 1}),
    )


def _policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
