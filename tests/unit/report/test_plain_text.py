"""What users call their files and themselves is shown as it is: brackets and colons are no markup."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from cli.check_data import check_data
from cli.figures import show_figures
from cli.main import app
from cli.say import say
from cli.show_findings import Checked, show_findings
from pipelines.formats.check import check_lines
from pipelines.formats.records import Format

NAMES = ("train[/b].jsonl", "data[final].jsonl", "a[red]b.jsonl", ":smile:.jsonl")


def terminal(width: int = 400) -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, force_terminal=True, color_system=None, width=width), output


def pipe(width: int = 400) -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, width=width), output


@settings(deadline=None)
@given(st.text("[]/ab:\\ '=", max_size=30))
def test_a_line_is_printed_as_it_is(line: str) -> None:
    console, output = terminal()
    say(line, console)
    assert output.getvalue() == f"{line}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_checked_and_named_whatever_its_path_holds(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"messages": 1}\n' * 3)
    for (console, output), listed in ((terminal(), f"{path}: lines 1 … and 2 more"), (pipe(), f"{path}: 2 more lines")):
        check_data([path], None, "auto", "nova-lite", 1, console)
        assert f"by the first record of {path})" in output.getvalue()
        assert listed in output.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_findings_name_a_file_as_it_is_called(name: str) -> None:
    checked = Checked(Path(name), check_lines(["{"] * 3, Format.CHAT, None, most_listed=1), ())
    for (console, output), listed in (
        (terminal(), [f"{name}: lines 1 … and 2 more"]),
        (pipe(), [f"{name}:1\t", f"{name}: 2 more lines"]),
    ):
        show_findings([checked], (), console)
        assert [words for words in listed if words not in output.getvalue()] == []


def test_the_bar_names_a_file_as_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # then rich takes the error stream for a terminal
    path = tmp_path / "data[final].jsonl"
    path.write_text("{}\n")
    check_data([path], None, "chat", "", 1, terminal()[0])
    assert "data[final].jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["[/x]", "Jo [ops]", ":smile:"])
def test_whoever_approved_is_shown_as_they_call_themselves(whole: dict[str, Any], name: str) -> None:
    console, output = terminal()
    approval = {"kind": "manual", "by": name, "at": "2026-11-03T10:00:00Z", "waited_s": 60}
    show_figures(whole | {"approval": approval}, console)
    assert f"Approved by {name} on" in output.getvalue()


def test_a_report_in_a_folder_of_any_name_is_found_and_named(tmp_path: Path, whole: dict[str, Any]) -> None:
    folder = tmp_path / "runs[" / "old]" / "r1"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(whole))
    found = CliRunner().invoke(app, ["report", "--output", str(folder.parent)], catch_exceptions=False)
    assert str(folder / "report.html") in found.stdout


def test_an_override_with_a_number_of_thousands_of_digits_is_refused_in_words() -> None:
    number = "1" * 5000
    override = f'{{"data": {{"minimum_records": {number}}}}}'
    found = CliRunner().invoke(app, ["run", "--override", override], catch_exceptions=False)
    assert found.exit_code == 2
    assert "--override is not JSON: Exceeds the limit" in found.stderr
