"""The exported schema and the reference page: current, and in agreement with what is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from cdk_app.settings import CONTEXT_TOKENS
from cdk_app.settings.declarations import declarations
from cdk_app.settings.reference import PAGE, rendered_page
from cdk_app.settings.schema import SCHEMA_FILE, rendered_schema, workflow_schema

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = workflow_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def messages(validator: jsonschema.Draft7Validator, document: object) -> list[str]:
    return [error.message for error in validator.iter_errors(document)]


def test_the_exported_schema_is_current() -> None:
    message = "run: python -m cdk_app.settings.schema"
    assert SCHEMA_FILE.read_text(encoding="utf-8") == rendered_schema(), message


def test_the_reference_page_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered_page(page), "run: python -m cdk_app.settings.reference"


def test_the_workflow_file_names_the_schema_for_editors() -> None:
    first = (ROOT / "workflow.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/workflow.schema.json"
    assert SCHEMA_FILE == ROOT / "docs/workflow.schema.json"


def test_the_workflow_file_satisfies_the_schema(validator: jsonschema.Draft7Validator) -> None:
    text = (ROOT / "workflow.yaml").read_text(encoding="utf-8").replace("5e-4", "5.0e-4")
    assert messages(validator, yaml.safe_load(text)) == []


def test_the_smallest_file_satisfies_the_schema(
    validator: jsonschema.Draft7Validator, smallest: Callable[[], dict[str, Any]]
) -> None:
    assert messages(validator, smallest()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tuning",), {"rank": 0}),
        (("tuning",), {"rnk": 1}),
        (("environment",), "dev"),
        (("selection", "candidates"), [{"model": "gpt-2"}]),
        (("environments",), {"staging": {}}),
        (("environments",), {"prod": {"tuning": {"rank": 0}}}),
        (("environments",), {"prod": {"tuning": {"rnk": 1}}}),
        (("environments",), {"prod": {"selection": {"candidates": [{"strategy": "zero-shot"}]}}}),
    ],
)
def test_the_schema_refuses_what_loading_refuses(
    validator: jsonschema.Draft7Validator, smallest: Callable[[], dict[str, Any]], path: tuple[str, ...], value: object
) -> None:
    document = smallest()
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert messages(validator, document)


def test_nothing_is_required_of_an_environment(
    validator: jsonschema.Draft7Validator, smallest: Callable[[], dict[str, Any]]
) -> None:
    part = {"data": {"columns": {"text": "body"}}, "selection": {"floor": 0.5}, "task": {"kind": "generation"}}
    assert messages(validator, smallest() | {"environments": {"prod": part, "dev": None}}) == []


@pytest.mark.parametrize("path", [path for path in declarations() if path], ids=".".join)
def test_every_setting_is_described(path: tuple[str, ...]) -> None:
    assert declarations()[path].description.endswith(".")


def test_a_reference_page_without_tables_gets_them() -> None:
    assert "| `max_examples` |" in rendered_page("# Settings\n")
    assert rendered_page("# Settings\n").startswith("# Settings\n")


def test_the_registered_model_and_the_docs_have_the_context_that_the_endpoint_serves() -> None:
    definition = (ROOT / "pipelines" / "definition" / "pipeline.json").read_text(encoding="utf-8")
    assert f'"SM_LLAMA_CPP_CTX_SIZE": "{CONTEXT_TOKENS}"' in definition
    assert f"({CONTEXT_TOKENS:,} tokens)" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
