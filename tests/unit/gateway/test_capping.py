"""A cap binds what is paid by the token, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.usage import Meter
from tests.unit.gateway.conftest import BEDROCK, PRICE, Aws, Configure, Gateway, model
from tests.unit.gateway.parts import USER, Items, Passages

GONE = Script(error="ResourceNotFoundException", status=404)


@pytest.fixture
def over(gateway: Gateway) -> None:
    """Whoever asks has used what they may."""
    table: Any = Items()
    vars(gateway.application._services).update(meter=Meter(table, caller_usd=0.0), documents=Passages())


def status(gateway: Gateway, path: str, **body: object) -> int:
    return gateway.post(f"/api/v1/{path}", body, headers=USER).status


@pytest.mark.parametrize("kind", ["sagemaker", "extractive"])
def test_beyond_the_cap_an_approved_model_without_a_price_answers_and_the_others_do_not(
    gateway: Gateway, over: None, store: Aws, kind: str
) -> None:
    if kind == "extractive":
        store.parameters["/target"] = json.dumps({"kind": "extractive", "run_id": "run-3"})

    assert status(gateway, "summarize", text="Owls hunt mice at night.") == 200
    assert status(gateway, "summarize", text="Owls hunt mice at night.", model="first") == 429


@pytest.mark.parametrize(("cap", "whose"), [("caller_usd", "you"), ("everybody_usd", "all callers together")])
def test_the_refusal_names_whose_cap_it_is_by_its_setting_and_who_still_answers(
    gateway: Gateway, configure: Configure, cap: str, whose: str
) -> None:
    configure(models=[model("first"), model("second", price=None)])
    table: Any = Items()
    caps: Any = {cap: 0.0}
    vars(gateway.application._services)["meter"] = Meter(table, **caps)

    told = gateway.post("/api/v1/generate", {"model": "first", "prompt": "x"}, headers=USER).body["detail"]

    setting = {"caller_usd": "caller_usd_per_day", "everybody_usd": "usd_per_day"}[cap]
    assert told.startswith(f"What {whose} may use in a day is used (gateway.budget.{setting}). More is answered from ")
    assert told.endswith(" Without a price, and so beyond the cap too, answer approved, second.")


@pytest.mark.parametrize(("price", "answered"), [(None, 200), (PRICE, 429)])
def test_an_approved_model_on_bedrock_is_bound_where_it_is_paid_by_the_token(
    gateway: Gateway, over: None, configure: Configure, store: Aws, price: object, answered: int
) -> None:
    configure(approved_price=price)
    store.parameters["/target"] = json.dumps(BEDROCK)

    assert status(gateway, "summarize", text="x") == answered


def test_beyond_the_cap_a_fallback_with_a_price_is_left_out(
    gateway: Gateway, over: None, configure: Configure, upstream: Upstream
) -> None:
    configure(
        models=[model("first", price=None), model("second"), model("third", price=None)],
        fallback={"first": ["second", "third"]},
    )
    upstream.script = lambda path: GONE if "first" in path else Script()

    reply = gateway.post("/api/v1/generate", {"model": "first", "prompt": "x"}, headers=USER)

    attempts = [(attempt["model"], attempt["outcome"]) for attempt in reply.body["fourfold"]["attempts"]]
    assert attempts == [("first", "unavailable"), ("second", "unsuitable"), ("third", "answered")]


def test_beyond_the_cap_the_model_s_own_failure_is_told_where_only_fallbacks_have_a_price(
    gateway: Gateway, over: None, configure: Configure, upstream: Upstream
) -> None:
    configure(fallback={"approved": ["first"]})
    upstream.scripted(Script(error="ValidationError", status=400, message="Could not find endpoint"))

    assert status(gateway, "generate", prompt="x") == 503
    assert not any("first" in asked.path for asked in upstream.asked)


def test_beyond_the_cap_nothing_is_embedded_that_has_a_price(
    gateway: Gateway, over: None, configure: Configure, upstream: Upstream
) -> None:
    assert status(gateway, "search", query="x") == 429
    configure(embedding={"name": "mine", "model_id": "imported", "dimensions": 2, "price": None})
    assert status(gateway, "search", query="x") == 200
    assert not upstream.asked
