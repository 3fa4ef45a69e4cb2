"""The table of `fourfold models`: what is copied from it is whole, whatever the terminal's width."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cdk_app.catalogue import ENTRIES, FACTS_READ
from cdk_app.catalogue.differences import Difference
from cdk_app.catalogue.filters import Query
from cli.main import app
from cli.models import list_models
from cli.show_models import HEADS, show_differences


def shown(folder: Path, width: int, query: Query | None = None) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=width, color_system=None)
    list_models(query or Query(), False, folder, console, Console(file=io.StringIO()))
    return output.getvalue()


def names(table: str) -> list[str]:
    return [found for line in table.splitlines() if (found := line.split("│")[1].strip() if "│" in line else "")]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 240])
def test_every_name_is_whole_at_any_width(tmp_path: Path, width: int) -> None:
    assert names(shown(tmp_path, width)) == list(ENTRIES)


@pytest.mark.parametrize("width", [80, 100])
def test_the_columns_that_find_no_room_are_left_out_and_named(tmp_path: Path, width: int) -> None:
    output = shown(tmp_path, width)
    told = re.search(r"No room for: (.+?)\. A wider terminal has it, ", " ".join(output.split()))
    assert told
    missing = told[1].split(", ")
    kept = [head.name for head in HEADS if head.name not in missing]
    shown_heads = " ".join(line for line in output.splitlines() if line.startswith("┃"))
    assert "until" in missing
    assert {"model", "context", "USD per million tokens"} <= set(kept)
    assert all(word in shown_heads for head in kept for word in head.split())
    assert not any(head in shown_heads for head in missing)
    assert all(len(line) <= width for line in output.splitlines())


def test_where_there_is_room_every_column_is_shown(tmp_path: Path) -> None:
    output = shown(tmp_path, 240)
    assert "No room for" not in output
    assert all(head.name in output for head in HEADS)


def test_nothing_in_a_cell_is_cut(tmp_path: Path) -> None:
    assert "…" not in shown(tmp_path, 100)


def test_in_a_pipe_a_model_is_a_line_whatever_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    lines = CliRunner().invoke(app, ["models"]).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["model", *ENTRIES]


def test_names_are_whole_where_aws_differs_too() -> None:
    output = io.StringIO()
    found = [Difference(key, "price", "a price " * 9, "another price " * 9) for key in ENTRIES]
    show_differences(found, "eu-west-1", 3, FACTS_READ, Console(file=output, force_terminal=True, width=80))
    assert all(key in output.getvalue() for key in ENTRIES)
