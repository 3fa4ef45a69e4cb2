"""Events are read once each, and only when their line is whole."""

from pathlib import Path

from twin.run.tail import EventTail


def test_each_event_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    assert tail.read() == []

    path.write_text('{"n": 1}\n{"n": 2}\n')
    assert tail.read() == [{"n": 1}, {"n": 2}]
    assert tail.read() == []


def test_a_line_still_being_written_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    path.write_text('{"n": 1}\n{"n"')
    assert tail.read() == [{"n": 1}]

    with path.open("a") as file:
        file.write(": 2}\n")
    assert tail.read() == [{"n": 2}]
