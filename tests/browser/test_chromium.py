"""Where the browser comes from, and what is said where there is none: nothing is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import chromium as module
from tests.browser.chromium import NoChromium, chromium


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOURFOLD_CHROMIUM", raising=False)


def test_the_packages_browser_is_unpacked_once_and_for_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = chromium(), chromium()
    assert first.executable == again.executable
    assert first.executable.parent.name.startswith("chromium-")
    assert Path(first.environment["FONTCONFIG_FILE"]).is_file()


def test_a_machine_without_its_libraries_takes_those_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = iter([["libnss3.so"], []])
    monkeypatch.setattr(module, "_missing", lambda *_: next(lacking))
    assert chromium().environment["LD_LIBRARY_PATH"].endswith("/lib")


def test_libraries_that_nobody_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_missing", lambda *_: ["libother.so.1"])
    with pytest.raises(NoChromium, match=r"libother\.so\.1.*FOURFOLD_CHROMIUM"):
        chromium()


def test_without_the_package_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", module.ROOT / "node_modules" / "not-there")
    with pytest.raises(NoChromium, match="make setup"):
        chromium()


def test_another_kind_of_machine_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(NoChromium, match="Set FOURFOLD_CHROMIUM"):
        chromium()


def test_ones_own_browser_is_taken_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_CHROMIUM", "/bin/sh")
    assert chromium().executable == Path("/bin/sh")
    monkeypatch.setenv("FOURFOLD_CHROMIUM", "/not/there")
    with pytest.raises(NoChromium, match="/not/there, which is no program"):
        chromium()
