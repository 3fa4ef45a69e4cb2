"""Documents as they are added, and the problems that refuse them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.gateway.exchange import Caller
from lambdas.gateway.problems import Problem
from lambdas.gateway.retrieval.documents import Documents
from tests.unit.gateway.retrieval.conftest import ANN

GUIDE = b"# Buckets\n\nA bucket keeps objects for you.\n\n## Names\n\nA name has at least three letters."


def add(documents: Documents, caller: Caller = ANN, content: bytes = GUIDE, name: str = "guide.md") -> Any:
    return documents.add(caller, name, "text/markdown", content)


def problem(call: Any, *given: Any) -> Problem:
    with pytest.raises(Problem) as found:
        call(*given)
    return found.value
