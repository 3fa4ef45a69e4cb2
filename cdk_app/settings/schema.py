"""Writes the JSON schema of `workflow.yaml`, by which editors complete it and explain every key.

    python -m cdk_app.settings.schema

An environment's part has the same keys as the common part, none of them required.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cdk_app.settings.environments import ENVIRONMENTS_KEY
from cdk_app.settings.loading import ENVIRONMENTS
from cdk_app.settings.model import Settings

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "workflow.schema.json"
_INTERNAL = "environment"


def workflow_schema() -> dict[str, Any]:
    """Return the JSON schema of the settings file."""
    schema = _without_titles(Settings.model_json_schema())
    definitions = schema.pop("$defs")
    del schema["properties"][_INTERNAL]
    schema["required"].remove(_INTERNAL)
    overlay = _overlay(schema, definitions)
    overlay["description"] = "What differs in this environment; sections merge, lists are replaced."
    definitions["Environment"] = {**overlay, "type": ["object", "null"]}
    schema["properties"][ENVIRONMENTS_KEY] = {
        "type": "object",
        "description": "What differs by environment.",
        "additionalProperties": False,
        "properties": {name: {"$ref": "#/$defs/Environment"} for name in ENVIRONMENTS},
    }
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Fourfold workflow"}
    return {**head, **schema, "$defs": definitions}


def rendered_schema() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(workflow_schema(), indent=2) + "\n"


def _overlay(section: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Copy a section with nothing required in it or in the sections below; items of lists stay whole."""
    copy = {key: value for key, value in section.items() if key not in ("required", "default")}
    copy["properties"] = {
        name: _overlay(definitions[_name(child)], definitions) if "$ref" in child else child
        for name, child in section["properties"].items()
    }
    return copy


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _without_titles(schema: Any) -> Any:
    """Leave out pydantic's titles, which only repeat the keys."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))
    }


if __name__ == "__main__":
    SCHEMA_FILE.write_text(rendered_schema(), encoding="utf-8")
