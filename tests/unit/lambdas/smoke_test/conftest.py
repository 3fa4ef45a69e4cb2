"""The smoke test of an API that has just got another model, by a clock of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lambdas.smoke_test.scripted_api import FUNCTION_MILLIS, TARGET, Clock, Smoke

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


@pytest.fixture
def clock(context: Context, monkeypatch: pytest.MonkeyPatch) -> Clock:
    context.millis = FUNCTION_MILLIS
    clock = Clock(context)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def waits(clock: Clock) -> list[float]:
    return clock.waits


@pytest.fixture
def smoke(
    cloud: Cloud,
    clock: Clock,
    run: dict[str, Any],
    record: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Smoke:
    monkeypatch.setenv("REST_API_ID", "api1")
    monkeypatch.setenv("TARGET_PARAMETER", "/target")
    monkeypatch.setenv("GATEWAY_LOG_GROUP", "gateway-log")
    cloud.parameters["/target"] = json.dumps(TARGET)
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", *(record(f"r{n}", f"Text {n}") for n in range(9)))
    resources = [{"id": "a", "path": "/v1"}, {"id": "b", "path": "/v1/summarize"}, {"id": "c", "path": "/v1/models"}]

    def page(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if "position" in params:
            return {"items": resources[1:]}
        return {"items": resources[:1], "position": "next"}

    cloud.on("apigateway", "GetResources", page)
    return Smoke(cloud, clock.context, run)
