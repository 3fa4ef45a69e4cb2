"""The events file: what scripts print becomes events, and readers see whole lines only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twin.events import FILE_VARIABLE, LINE_LIMIT, emit, emit_line, parse_progress, read


@pytest.fixture
def events_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


def test_a_progress_line_becomes_a_progress_event(events_file: Path) -> None:
    emit_line("glue", "jr_1", 'PROGRESS {"phase": "curate", "done": 3, "total": 8}')
    event, _ = next(read(events_file))
    assert (event["kind"], event["source"], event["id"]) == ("progress", "glue", "jr_1")
    assert (event["phase"], event["done"], event["total"]) == ("curate", 3, 8)


@pytest.mark.parametrize("line", ["done", "PROGRESS soon", "PROGRESS [1, 2]", " PROGRESS {}"])
def test_any_other_line_becomes_a_log_event(events_file: Path, line: str) -> None:
    emit_line("glue", "jr_1", line)
    event, _ = next(read(events_file))
    assert (event["kind"], event["line"]) == ("log", line)


@pytest.mark.parametrize("start", ["", 'PROGRESS {"phase": "'])
def test_of_a_very_long_line_only_the_beginning_is_kept(events_file: Path, start: str) -> None:
    emit_line("glue", "jr_1", f"{start:x<{LINE_LIMIT}}" + "y" * 1000)
    event, _ = next(read(events_file))
    assert event["kind"] == "log"
    assert event["line"] == f"{start:x<{LINE_LIMIT}}… ({LINE_LIMIT + 1000} characters)"


def test_progress_cannot_pretend_to_be_another_event() -> None:
    assert parse_progress('PROGRESS {"kind": "finished", "id": "other", "done": 1}') == {"done": 1}


def test_reading_goes_on_where_it_ended(events_file: Path) -> None:
    emit("started", "glue", "one")
    _, offset = list(read(events_file))[-1]
    emit("finished", "glue", "one", status="SUCCEEDED")
    assert [event["kind"] for event, _ in read(events_file, offset)] == ["finished"]


def test_an_unfinished_line_waits_for_the_next_look(events_file: Path) -> None:
    events_file.write_text(json.dumps({"kind": "log"}) + '\n{"kind": "fini')
    assert [event["kind"] for event, _ in read(events_file)] == ["log"]


def test_there_are_no_events_before_the_file_exists(events_file: Path) -> None:
    assert list(read(events_file)) == []


def test_emitting_outside_of_an_emulator_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    with pytest.raises(KeyError, match=FILE_VARIABLE):
        emit("started", "glue", "one")
