"""The page's pure modules, in node's own test runner: one test here for each file of `modules/`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "modules").glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.js"))
def test_modules(file: Path) -> None:
    done = subprocess.run(
        ["node", "--test", "--test-reporter", "spec", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ℹ fail 0" in done.stdout, "node ran no test"
