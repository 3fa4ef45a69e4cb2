"""The selection among the run's candidates, with figures of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.select_model.handler import handle
from tests.unit.lambdas.select_model.candidates import Select, same_shape, unmeasured

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Context


@pytest.fixture
def select(context: Context, run: dict[str, Any]) -> Select:
    """Select among candidates with these (value, dollars), or (low, value, dollars), in the order of the run's."""

    def start(*figures: tuple[Any, ...] | None, spoil: dict[str, Any] | None = None, **same: Any) -> dict[str, Any]:
        results = [
            same_shape(run["candidates"][index], figure) | same if figure else unmeasured(index)
            for index, figure in enumerate(figures)
        ]
        results[-1].update(spoil or {})
        return handle({"run": run, "candidates": results}, context)

    return start
