"""Workgroups: where results go, how they are encrypted, and how much a query may read."""

from __future__ import annotations

import time
from typing import Any

from twin.athena.store import WORKGROUPS, check
from twin.constraints import violations
from twin.emulator import hooks
from twin.emulator.hooks import Request
from twin.shapes import service_model
from twin.support import ANY, unsupported

Json = dict[str, Any]
_TYPE = "AWS::Athena::WorkGroup"
ENGINE = "Athena engine version 3"
# Metrics and tags are recorded only; see docs/twin.md.
_HONOURED = {
    "Name": ANY,
    "Description": ANY,
    "State": frozenset({"ENABLED", "DISABLED"}),
    "RecursiveDeleteOption": ANY,
    "Tags": ANY,
    "WorkGroupConfiguration": {
        "BytesScannedCutoffPerQuery": ANY,
        "EnforceWorkGroupConfiguration": ANY,
        "EngineVersion": {"SelectedEngineVersion": frozenset({"AUTO", ENGINE})},
        "PublishCloudWatchMetricsEnabled": ANY,
        "RequesterPaysEnabled": frozenset({False}),
        "ResultConfiguration": {
            "OutputLocation": ANY,
            "EncryptionConfiguration": {"EncryptionOption": frozenset({"SSE_KMS", "SSE_S3"}), "KmsKey": ANY},
        },
    },
}


def register_workgroups() -> None:
    """Provision workgroups."""
    hooks.add_cfn_resource(_TYPE, create=_create, update=_update, delete=_delete)


def get_work_group(request: Request) -> Json:
    """GetWorkGroup."""
    check("GetWorkGroup", request.parameters)
    return {"WorkGroup": WORKGROUPS.named(request.parameters["WorkGroup"])}


def list_work_groups(request: Request) -> Json:  # noqa: ARG001 - every handler takes its request
    """ListWorkGroups, all at once."""
    shown = ("Name", "State", "Description", "CreationTime")
    return {"WorkGroups": [{key: group[key] for key in shown} for group in WORKGROUPS.all().values()]}


def _create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    name = properties["Name"]
    if WORKGROUPS.find(name):
        raise ValueError(f"WorkGroup {name} already exists.")
    return _put(name, properties, time.time())


def _update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    if new["Name"] != physical_id:
        return _create("", new, stack)
    return _put(physical_id, new, WORKGROUPS.named(physical_id)["CreationTime"])


def _delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    WORKGROUPS.remove(physical_id)


def _put(name: str, properties: Json, created: float) -> tuple[str, Json]:
    typed = _typed(properties)
    shape = service_model("athena").shape_for("WorkGroupConfiguration")
    wrong = list(violations(shape, typed["WorkGroupConfiguration"], "workGroupConfiguration"))
    if refused := [*unsupported(_HONOURED, typed), *wrong]:
        raise ValueError(" ".join(refused))
    group = {
        "Name": name,
        "State": typed.get("State", "ENABLED"),
        "Description": typed.get("Description", ""),
        "CreationTime": created,
        "Configuration": typed.get("WorkGroupConfiguration", {}),
    }
    WORKGROUPS.put(name, group)
    return name, {"CreationTime": str(created)}


def _typed(properties: Json) -> Json:
    """The properties in the API's types: a template may write numbers and truth values as strings."""
    given = dict(properties.get("WorkGroupConfiguration", {}))
    for key in ("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled", "RequesterPaysEnabled"):
        if key in given:
            given[key] = str(given[key]).lower() == "true"
    if "BytesScannedCutoffPerQuery" in given:
        given["BytesScannedCutoffPerQuery"] = int(given["BytesScannedCutoffPerQuery"])
    return {**properties, "WorkGroupConfiguration": given}
