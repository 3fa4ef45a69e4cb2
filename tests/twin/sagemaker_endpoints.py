"""What the tests make of SageMaker's endpoints in an emulator's account."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import unique, wait_until
from tests.twin.sagemaker_account import SERVING_IMAGE, Account, tarred
from twin.emulator import Emulator
from twin.weights import smollm2_gguf

Json = dict[str, Any]
SERVERLESS: Json = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}
INSTANCE: Json = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def artefact() -> bytes:
    """model.tar.gz with the real model; not compressed, which would take seconds."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=0) as archive:
        archive.add(smollm2_gguf(), "model.gguf")
    return content.getvalue()


class Endpoints(Account):
    """An account with a model's artefact in its bucket, and what makes endpoints of it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.runtime = self.emulator.client("sagemaker-runtime")
        self.good = self.put("good.tar.gz", artefact())
        self.bad = self.put("bad.tar.gz", tarred(readme_dot_txt="no model in here"))

    def configuration(self, url: str | None = None, role: str | None = None, **variant: Any) -> str:
        """An endpoint configuration with a model of its own; its name."""
        environment = {"SM_LLAMA_CPP_CTX_SIZE": "512", **variant.pop("Environment", {})}
        model, name = unique("model"), unique("config")
        self.sagemaker.create_model(
            ModelName=model,
            ExecutionRoleArn=role or self.job_role,
            PrimaryContainer={"Image": SERVING_IMAGE, "ModelDataUrl": url or self.good, "Environment": environment},
        )
        given = variant or SERVERLESS
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{"VariantName": "Main", "ModelName": model, **given}]
        )
        return name

    def create(self, configuration: str) -> str:
        """An endpoint, once it has come up or failed; its name."""
        name = unique("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=configuration)
        self.settled(name)
        return name

    def settled(self, name: str) -> Json:
        """What DescribeEndpoint says once nothing is in progress."""
        found: Json = wait_until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda endpoint: endpoint["EndpointStatus"] in ("InService", "Failed"),
        )
        return found

    def ask(self, name: str, text: str = "Say hello.", **body: Any) -> Json:
        """A chat completion."""
        messages = [{"role": "user", "content": text}]
        answer = self.runtime.invoke_endpoint(
            EndpointName=name,
            ContentType="application/json",
            Body=json.dumps({"messages": messages, "max_tokens": 8, "temperature": 0, **body}),
        )
        found: Json = json.loads(answer["Body"].read())
        return found


def refusal(call: Callable[[], Any]) -> Json:
    """The answer to a call that is refused."""
    with pytest.raises(ClientError) as error:
        call()
    response: Json = error.value.response
    return response


def servers(emulator: Emulator) -> set[int]:
    """The process ids of the model servers."""
    found = set()
    for process in psutil.Process(emulator.pid).children(recursive=True):
        try:
            if "twin.model_server" in process.cmdline():
                found.add(process.pid)
        except psutil.Error:  # it has ended meanwhile
            continue
    return found
