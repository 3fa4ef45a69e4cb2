"""How tests share workers: those that share what takes long to make stay on one, the longest begin first."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_TOGETHER = ("twin/end_to_end", "synth")
"""Folders whose tests share one deployment, or one synthesis; elsewhere a file is what stays together."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test the group that pytest-xdist's `--dist loadgroup` keeps on one worker."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.path)))
    items.sort(key=lambda item: _group(item.path) not in _TOGETHER)


def _group(path: Path) -> str:
    name = path.relative_to(_TESTS).as_posix()
    return next((folder for folder in _TOGETHER if name.startswith(f"{folder}/")), name)
