"""Glue's resource types that the emulator's CloudFormation lacks, or would take without a check."""

from __future__ import annotations

from typing import Any

from twin import credentials
from twin.emulator import hooks
from twin.glue.jobs import JOBS, put_job
from twin.glue.runs import remove_job

Json = dict[str, Any]


def register_resources() -> None:
    """Provision AWS::Glue::Job and SecurityConfiguration."""
    hooks.add_cfn_resource("AWS::Glue::Job", create=_create_job, update=_update_job, delete=_delete_job)
    hooks.add_cfn_resource(
        "AWS::Glue::SecurityConfiguration",
        create=_create_security_configuration,
        update=_replace_security_configuration,
        delete=_delete_security_configuration,
    )


def _create_job(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    name = properties.get("Name") or hooks.physical_name(stack, logical_id, 255)
    if JOBS.get(name):
        raise ValueError(f"Job {name} already exists.")
    return _put_job(name, properties)


def _update_job(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    return _put_job(new.get("Name") or physical_id, new)


def _put_job(name: str, properties: Json) -> tuple[str, Json]:
    put_job({**_typed(properties), "Name": name})
    return name, {}


def _typed(properties: Json) -> Json:
    """The properties in the API's types: a template may write a number as a string."""
    typed = dict(properties)
    for key in ("MaxRetries", "NumberOfWorkers", "Timeout"):
        if key in typed:
            typed[key] = int(float(typed[key]))
    concurrency = typed.get("ExecutionProperty", {})
    if "MaxConcurrentRuns" in concurrency:
        typed["ExecutionProperty"] = {"MaxConcurrentRuns": int(float(concurrency["MaxConcurrentRuns"]))}
    for key in ("DefaultArguments", "NonOverridableArguments"):
        if key in typed:
            typed[key] = {name: _text(value) for name, value in typed[key].items()}
    return typed


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _delete_job(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    remove_job(physical_id)


def _create_security_configuration(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    name = properties.get("Name") or hooks.physical_name(stack, logical_id, 255)
    encryption = dict(properties["EncryptionConfiguration"])
    if "S3Encryptions" in encryption:
        encryption["S3Encryption"] = encryption.pop("S3Encryptions")
    glue = credentials.client("glue")
    glue.create_security_configuration(Name=name, EncryptionConfiguration=encryption)
    return name, {}


def _replace_security_configuration(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    if old == new:
        return physical_id, {}
    if new.get("Name") == physical_id:
        raise ValueError(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {physical_id} and update the stack again."
        )
    return _create_security_configuration(physical_id, new, stack)


def _delete_security_configuration(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    credentials.client("glue").delete_security_configuration(Name=physical_id)
