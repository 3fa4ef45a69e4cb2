"""An emulator is found again where it was; and whoever waits for its end learns of one that it was not told to have."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from twin.emulator import Emulator, EmulatorError
from twin.emulator.ports import PortRefused, chosen, remember
from twin.processes.ports import free_port
from twin.run.board import Board
from twin.run.reopened import STEPS, reopened


def listener(port: int = 0) -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


def test_it_listens_where_it_did_before_and_where_it_is_told_to(tmp_path: Path) -> None:
    with Emulator(tmp_path) as first:
        before = first.port
    with Emulator(tmp_path) as again:
        assert again.port == before
    with Emulator(tmp_path, port=(told := free_port())) as elsewhere:
        assert elsewhere.endpoint_url == f"http://127.0.0.1:{told}"
        assert elsewhere.client("s3").list_buckets()["Buckets"] == []


def test_what_is_served_already_is_not_said_to_be_at_another_port(tmp_path: Path) -> None:
    board = Board()
    for name, label in STEPS.items():
        board.add(name, label)
    with (
        Emulator(tmp_path) as running,
        pytest.raises(EmulatorError, match=rf"served at http://127.0.0.1:{running.port} already.*leave the port out"),
        reopened(tmp_path, board, port=free_port()),
    ):
        pass


def test_a_former_port_that_somebody_else_has_by_now_gives_way_to_a_free_one(tmp_path: Path) -> None:
    with listener() as somebody:
        taken = somebody.getsockname()[1]
        remember(tmp_path, taken)
        with Emulator(tmp_path) as moved:
            assert moved.port not in (0, taken)
            assert moved.moved_from == taken
    with Emulator(tmp_path) as again:
        assert (again.port, again.moved_from) == (moved.port, None)


@pytest.mark.parametrize("text", ["", "a word", "99999999"])
def test_a_former_port_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "port").write_text(text)
    assert chosen(tmp_path) > 0


def test_a_port_that_is_asked_for_and_taken_is_refused_by_its_number(tmp_path: Path) -> None:
    with listener() as somebody:
        taken = somebody.getsockname()[1]
        with pytest.raises(PortRefused, match=rf"port {taken} of 127.0.0.1 is taken.*give another"):
            chosen(tmp_path, taken)
        with pytest.raises(EmulatorError, match=rf"port {taken} of 127.0.0.1 is taken"):
            Emulator(tmp_path, port=taken).start()


def test_whoever_waits_for_one_that_is_killed_learns_what_is_lost_and_where_its_log_is(tmp_path: Path) -> None:
    with Emulator(tmp_path, persist=True) as emulator:
        os.kill(emulator.pid, signal.SIGKILL)
        with pytest.raises(EmulatorError, match=r"killed by SIGKILL.*is lost, but for files in buckets.*emulator\.log"):
            emulator.wait()
