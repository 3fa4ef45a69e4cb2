"""Import jobs: a checkpoint of one's own, in safetensors, becomes a model that answers under an ARN of its own.

The checkpoint is converted for llama.cpp by the project's own export, in a process: what that cannot convert is
refused with its reason, as Bedrock refuses an architecture that it does not know.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin import credentials
from twin.bedrock import servers
from twin.bedrock.control import errors, store
from twin.bedrock.control.failure import MOST_CHARACTERS, JobFailedError
from twin.bedrock.control.models import folder_of
from twin.emulator import hooks
from twin.emulator.hooks import Json, Request
from twin.events import emit
from twin.processes import run_process
from twin.sagemaker import transfer
from twin.sagemaker.directory import ContainerDirectory
from twin.support import ANY

SOURCE = "bedrock.import"
PRINCIPAL = "bedrock.amazonaws.com"
_REPOSITORY = Path(__file__).resolve().parents[3]
_CONVERT = """
import sys
from pathlib import Path
import torch
from pipelines.tuning import checkpoint, gguf_export
from pipelines.tuning.hardware import detect
folder, target = map(Path, sys.argv[1:])
config, tokenizer = checkpoint.load_config(folder), checkpoint.load_tokenizer(folder)
gguf_export.check_exportable(config, tokenizer)
gguf_export.write(checkpoint.load_model(folder, detect(), torch.float32), tokenizer, target)
"""


def create_job(request: Request, parameters: Json) -> Json:
    """CreateModelImportJob: the job runs from here on."""
    begin, token = store.prefix(request), parameters.get("clientRequestToken")
    for known in store.of("import-job", begin):
        if token and known["_token"] == token:
            return {"jobArn": known["jobArn"]}
    if not (parameters["modelDataSource"].get("s3DataSource") or {}).get("s3Uri"):
        raise errors.validation("modelDataSource must have an s3DataSource with its s3Uri.")
    for kind, key, name in (
        ("import-job", "jobName", parameters["jobName"]),
        ("imported-model", "modelName", parameters["importedModelName"]),
    ):
        if store.find("import-job" if kind == "import-job" else "imported-model", name, key, begin):
            raise errors.conflict(f"The name {name} is already in use.")
    arn = f"{begin}model-import-job/{store.new_id()}"
    try:
        hooks.role_credentials(parameters["roleArn"], "BedrockModelImport", PRINCIPAL, arn)
    except hooks.RoleNotAssumableError as error:
        raise errors.validation(f"Could not assume provided IAM role. {error}") from error
    key_id = parameters.get("importedModelKmsKeyId")
    record = {
        "jobArn": arn,
        "jobName": parameters["jobName"],
        "importedModelName": parameters["importedModelName"],
        "roleArn": parameters["roleArn"],
        "modelDataSource": parameters["modelDataSource"],
        "status": "InProgress",
        "creationTime": store.now(),
        "lastModifiedTime": store.now(),
        **({"importedModelKmsKeyArn": key_id} if key_id else {}),
        "_token": token,
        "_tags": parameters.get("jobTags", []),
    }
    store.add("import-job", arn, record)
    hooks.in_background(f"{SOURCE} {record['jobName']}", lambda: _run(record, begin))
    return {"jobArn": arn}


def _run(record: Json, begin: str) -> None:
    emit("started", SOURCE, record["jobName"], arn=record["jobArn"])
    status, reason = "Completed", ""
    try:
        _import(record, begin)
    except (JobFailedError, transfer.TransferError, hooks.RoleNotAssumableError) as error:
        status, reason = "Failed", str(error)[:MOST_CHARACTERS]
    except Exception as error:
        status, reason = "Failed", f"The local run of the job has a defect: {error!r}"[:MOST_CHARACTERS]
    failure = {"failureMessage": reason} if reason else {}
    store.update(record, endTime=store.now(), lastModifiedTime=store.now(), **failure)
    store.update(record, status=status)
    emit("finished", SOURCE, record["jobName"], arn=record["jobArn"], status=status, message=reason)


def _import(record: Json, begin: str) -> None:
    role = credentials.role_environment(record["roleArn"], "BedrockModelImport", PRINCIPAL, record["jobArn"])
    directory = ContainerDirectory("bedrock-import", record["jobName"])
    try:
        folder = directory.folder("/opt/ml/model")
        uri = f"{record['modelDataSource']['s3DataSource']['s3Uri'].rstrip('/')}/"
        transfer.download_prefix(credentials.client_from(role, "s3"), uri, folder)
        config = _config(folder)
        model_id = store.new_id()
        target = folder_of(model_id) / "model.gguf"
        target.parent.mkdir(parents=True)
        argv = [sys.executable, "-c", _CONVERT, str(folder), str(target)]
        environment = {**directory.environment(), "PYTHONPATH": str(_REPOSITORY)}
        done = run_process(argv, env=environment, cwd=_REPOSITORY, merge=True)
        if done.returncode != 0:
            raise JobFailedError(f"The model cannot be imported here. {done.tail[-1] if done.tail else ''}")
    finally:
        directory.remove()
    arn = f"{begin}imported-model/{model_id}"
    store.add("imported-model", arn, _model(record, arn, config))
    store.update(record, importedModelArn=arn)


def _config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    if not file.exists() or not any(folder.glob("*.safetensors")):
        raise JobFailedError("A checkpoint has a config.json and its weights in *.safetensors; here one is missing.")
    config: dict[str, Any] = json.loads(file.read_text())
    return config


def _model(record: Json, arn: str, config: dict[str, Any]) -> Json:
    key = record.get("importedModelKmsKeyArn")
    return {
        "modelArn": arn,
        "modelName": record["importedModelName"],
        "jobName": record["jobName"],
        "jobArn": record["jobArn"],
        "modelDataSource": record["modelDataSource"],
        "creationTime": store.now(),
        "modelArchitecture": str(config.get("model_type", "")),
        "instructSupported": True,
        **({"modelKmsKeyArn": key} if key else {}),
    }


def get_job(request: Request, parameters: Json) -> Json:
    """GetModelImportJob."""
    found = store.find("import-job", parameters["jobIdentifier"], "jobName", store.prefix(request))
    if found is None:
        raise errors.not_found(f"The provided job identifier is not found: {parameters['jobIdentifier']}")
    return store.shown(found[1])


def _imported(request: Request, identifier: str) -> tuple[str, Json]:
    found = store.find("imported-model", identifier, "modelName", store.prefix(request))
    if found is None:
        raise errors.not_found(f"The provided model identifier is not found: {identifier}")
    return found


def get_model(request: Request, parameters: Json) -> Json:
    """GetImportedModel."""
    return store.shown(_imported(request, parameters["modelIdentifier"])[1])


def delete_model(request: Request, parameters: Json) -> Json:
    """DeleteImportedModel."""
    arn, _ = _imported(request, parameters["modelIdentifier"])
    model_id = arn.rpartition("/")[2]
    servers.stop(model_id)
    shutil.rmtree(folder_of(model_id), ignore_errors=True)
    store.remove("imported-model", arn)
    return {}


OPERATIONS: dict[str, tuple[Callable[[Request, Json], Json], Json]] = {
    "CreateModelImportJob": (
        create_job,
        {
            "jobName": ANY,
            "importedModelName": ANY,
            "roleArn": ANY,
            "modelDataSource": ANY,
            "jobTags": ANY,
            "importedModelTags": ANY,
            "clientRequestToken": ANY,
            "importedModelKmsKeyId": ANY,
        },
    ),
    "GetModelImportJob": (get_job, {"jobIdentifier": ANY}),
    "GetImportedModel": (get_model, {"modelIdentifier": ANY}),
    "DeleteImportedModel": (delete_model, {"modelIdentifier": ANY}),
}
