"""How the tests themselves are cut."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LENT = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)


def test_no_module_of_tests_lends_to_another() -> None:
    # What two of them need stands in a module of its own: else one cannot be changed without a look at the other.
    modules = [path for path in TESTS.rglob("*.py") if LENT.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(TESTS)) for path in modules] == []
