"""docs/security.md names the test behind each claim; here those tests must exist."""

from __future__ import annotations

import re

import pytest

from cdk_app.application import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
# `tests/a.py::test_b`, or `::test_c` of the file that was named last.
NAMED = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`")


def named_tests() -> list[tuple[str, str]]:
    file, found = "", []
    for path, test in NAMED.findall(PAGE):
        file = path or file
        if path or test:
            found.append((file, test))
    return found


@pytest.mark.parametrize(("path", "test"), sorted(set(named_tests())))
def test_a_test_that_the_page_names_exists(path: str, test: str) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert not test or f"def {test}(" in source


def test_every_row_of_the_tables_names_what_checks_it() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what | ")]
    assert len(rows) > 20
    assert not [row for row in rows if "`" not in row.rsplit("|", 2)[1] and not row.startswith("| threat")]
