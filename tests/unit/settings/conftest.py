"""What the tests of the settings share: a smallest valid file, and ways to load a changed one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cdk_app.settings import Problem, Settings, SettingsError, load_settings

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]

EXTRACTIVE = {"model": "extractive-lead", "strategy": "extractive"}
IMPORTED = {"model": "smollm2-135m-instruct", "imported_model_id": "a1b2c3d4e5f6"}


def found(problems: list[Problem]) -> list[tuple[str, str]]:
    """Each problem's key and message."""
    return [(problem.key, problem.message) for problem in problems]


@pytest.fixture(scope="session")
def smallest() -> Callable[[], dict[str, Any]]:
    """Make a settings file that has only what is required."""

    def smallest() -> dict[str, Any]:
        return {
            "task": {"instruction": "Summarize."},
            "data": {"dataset": "news", "columns": {"text": "body", "target": "summary"}},
            "selection": {"candidates": [{"model": "nova-micro"}]},
        }

    return smallest


@pytest.fixture
def document(smallest: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A fresh settings file that has only what is required, to be changed by the test."""
    return smallest()


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Load settings from YAML text, or from a dict, which is written as indented JSON: one key a line."""
    path = tmp_path_factory.mktemp("settings") / "workflow.yaml"

    def load(content: str | dict[str, Any], environment: str = "dev") -> Settings:
        text = content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environment)

    return load


@pytest.fixture(scope="session")
def problems(load: Load) -> Problems:
    """Load settings that must be refused, and give the problems."""

    def problems(content: str | dict[str, Any], environment: str = "dev") -> list[Problem]:
        with pytest.raises(SettingsError) as refused:
            load(content, environment)
        return refused.value.problems

    return problems
