"""Requests that a path addresses: what is done is what the permission was asked for."""

from __future__ import annotations

import pytest

from twin.bedrock import service as bedrock
from twin.emulator.hooks import Request, ServiceError
from twin.sagemaker import service as sagemaker


def post(service: str, path: str, **headers: str) -> Request:
    return Request(service, "POST", path, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}")


def test_an_operation_of_sagemaker_is_not_done_at_the_path_of_an_invocation() -> None:
    # Judged as InvokeEndpoint, by its path.
    request = post("sagemaker", "/x/invocations", x_amz_target="SageMaker.DeleteModel")
    with pytest.raises(ServiceError, match="POST /x/invocations is not served"):
        sagemaker.handle(request)


def test_an_endpoint_without_an_action_is_refused() -> None:
    with pytest.raises(ServiceError, match="POST /endpoints/name is not served"):
        sagemaker.handle(post("sagemaker", "/endpoints/name"))


# The server has unquoted the path before anything is judged: what is quoted still was quoted twice.


def test_the_name_of_an_endpoint_is_not_unquoted_after_it_was_judged() -> None:
    with pytest.raises(ServiceError, match="Endpoint n%61me of account"):
        sagemaker.handle(post("sagemaker", "/endpoints/n%61me/invocations"))


def test_the_id_of_a_model_is_not_unquoted_after_it_was_judged() -> None:
    model = "arn:aws:bedrock:us-east-1:000000000000:imported-model%2Fsmollm2q41v1"
    with pytest.raises(ServiceError, match="The provided model identifier is invalid"):
        bedrock.handle(post("bedrock-runtime", f"/model/{model}/converse"))
