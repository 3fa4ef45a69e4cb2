"""Data-quality rulesets: kept with their rules, which a stack cannot have that the twin could not evaluate."""

from __future__ import annotations

import time
from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import Request, ServiceError
from twin.glue.data_quality.dqdl import UnknownRule, read_rules
from twin.glue.jobs import Store, check_parameters

Json = dict[str, Any]
RULESETS = Store()


def register_rulesets() -> None:
    """Provision AWS::Glue::DataQualityRuleset."""
    hooks.add_cfn_resource("AWS::Glue::DataQualityRuleset", create=_create, update=_update, delete=_delete)


def ruleset_named(name: str) -> Json:
    """A ruleset. Raises ServiceError EntityNotFoundException."""
    found = RULESETS.get(name)
    if found is None:
        raise ServiceError("EntityNotFoundException", f"Data Quality Ruleset {name} not found.")
    return dict(found)


def get_data_quality_ruleset(request: Request) -> Json:
    """GetDataQualityRuleset."""
    check_parameters("GetDataQualityRuleset", request.parameters)
    return ruleset_named(request.parameters["Name"])


def _create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    name = properties.get("Name") or hooks.physical_name(stack, logical_id, 255)
    if RULESETS.get(name):
        raise ValueError(f"Data Quality Ruleset {name} already exists.")
    return _put(name, properties, time.time())


def _update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    name = new.get("Name") or physical_id
    before = RULESETS.get(physical_id) or {"CreatedOn": time.time()}
    if name != physical_id and RULESETS.get(name):
        raise ValueError(f"Data Quality Ruleset {name} already exists.")
    return _put(name, new, before["CreatedOn"])


def _put(name: str, properties: Json, created: float) -> tuple[str, Json]:
    try:
        read_rules(properties["Ruleset"])
    except UnknownRule as error:
        raise ValueError(f"Data Quality Ruleset {name}: {error}") from error
    kept = {key: properties[key] for key in ("Description", "Ruleset", "TargetTable") if key in properties}
    RULESETS.put(name, {"Name": name, **kept, "CreatedOn": created, "LastModifiedOn": time.time()})
    return name, {}


def _delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    RULESETS.remove(physical_id)
