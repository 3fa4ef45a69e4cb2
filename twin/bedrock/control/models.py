"""Custom models: what a customization job leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from twin.bedrock import servers
from twin.bedrock.control import errors, store
from twin.emulator.hooks import Json, Request
from twin.support import ANY
from twin.weights.imported import LocalModel

CONTEXT_TOKENS = 8192
_NAME = "modelName"


def folder_of(model_id: str) -> Path:
    """Where the weights of a custom or an imported model lie."""
    return Path(os.environ["FOURFOLD_WORK_DIR"]) / "bedrock" / "models" / model_id


def local_model(arn: str) -> LocalModel:
    """The weights behind a model's ARN, for the server."""
    model_id = arn.rpartition("/")[2]
    return LocalModel(model_id, "text", CONTEXT_TOKENS, lambda _cache: folder_of(model_id) / "model.gguf")


def model_of(request: Request, identifier: str) -> tuple[str, Json]:
    """A custom model. Raises ResourceNotFoundException."""
    found = store.find("model", identifier, _NAME, store.prefix(request))
    if found is None:
        raise errors.not_found(f"The provided model identifier is not found: {identifier}")
    return found


def get_custom_model(request: Request, parameters: Json) -> Json:
    """GetCustomModel."""
    return store.shown(model_of(request, parameters["modelIdentifier"])[1])


def delete_custom_model(request: Request, parameters: Json) -> Json:
    """DeleteCustomModel: not while something serves it."""
    arn, record = model_of(request, parameters["modelIdentifier"])
    serving = [*store.of("deployment", store.prefix(request)), *store.of("throughput", store.prefix(request))]
    if any(one["modelArn"] == arn for one in serving):
        raise errors.conflict(f"The model {record[_NAME]} is in use: delete what serves it first.")
    servers.stop(arn.rpartition("/")[2])
    shutil.rmtree(folder_of(arn.rpartition("/")[2]), ignore_errors=True)
    store.remove("model", arn)
    return {}


OPERATIONS = {
    "GetCustomModel": (get_custom_model, {"modelIdentifier": ANY}),
    "DeleteCustomModel": (delete_custom_model, {"modelIdentifier": ANY}),
}
