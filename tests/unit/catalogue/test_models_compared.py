"""`fourfold models A B`: models side by side, in a terminal as many at a time as have room."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import cli.main
from cli.main import app
from cli.models import tell_of_models

THREE = ["nova-micro", "llama-3-1-8b-instruct", "nova-multimodal-embeddings"]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No state of this machine."""
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)


def invoke(*arguments: str) -> list[list[str]]:
    result = CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return [line.split("\t") for line in result.stdout.splitlines() if "\t" in line]


def test_in_a_pipe_every_fact_is_a_line_with_a_cell_for_each_model() -> None:
    head, *rows = invoke(*THREE)
    facts = {row[0]: row[1:] for row in rows}
    assert head == ["model", *THREE]
    assert {len(row) for row in rows} == {4}
    assert facts["context, tokens"] == ["128,000", "128,000", "8,172"]
    assert facts["USD per million tokens"] == [
        "from 0.035 in, 0.14 out (US)",
        "0.22 in, 0.22 out (US)",
        "0.135 in (US); 0.00006 per image (US)",
    ]
    assert facts["in a workflow"] == ["yes", "yes", "no: it is a model for embeddings"]


def test_with_a_region_each_is_told_as_it_is_asked_from_there() -> None:
    facts = {row[0]: row[1:] for row in invoke("nova-micro", "llama-3-1-8b-instruct", "--region", "eu-west-1")}
    assert facts["asked in eu-west-1 as"] == ["eu.amazon.nova-micro-v1:0", "does not answer there"]
    assert facts["USD per million tokens"] == ["0.046 in, 0.184 out (`eu`)", ""]


def test_a_model_that_is_named_twice_is_one() -> None:
    result = CliRunner().invoke(app, ["models", "nova-micro", "nova-micro"])
    assert result.stdout.startswith("nova-micro: Nova Micro, by Amazon")


def test_json_has_all_that_are_named() -> None:
    result = CliRunner().invoke(app, ["models", *THREE, "--json"])
    assert [model["key"] for model in json.loads(result.stdout)["models"]] == THREE


@pytest.mark.parametrize(("width", "tables"), [(40, 3), (80, 3), (100, 2), (160, 1)])
def test_on_a_terminal_no_column_is_left_out_and_no_name_is_cut(tmp_path: Path, width: int, tables: int) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=width, color_system=None)
    tell_of_models(THREE, None, False, tmp_path, console)
    text = output.getvalue()
    assert text.count("┏") == tables
    assert all(name in text for name in THREE)
    assert "No room" not in text
    if width >= 80:
        assert all(len(line) <= width for line in text.splitlines())
