"""A cap on a caller's day, as docs/caching_and_cost.md tells how to try it: with a stand-in that has a price."""

from __future__ import annotations

from typing import Any

import httpx

from tests.twin.gateway_clients.deployed import CAP_USD, PARTNERS, PRICED, SCRIPTED, Deployed

MOST_ASKED = 12
"""Many more answers than the cap pays for."""


def ask(deployed: Deployed, body: dict[str, Any] | None = None, path: str = "chat/completions") -> httpx.Response:
    """The answer to the other partner, whom nobody else here is."""
    return deployed.ask(f"/partners/v1/{path}", body, **{"x-api-key": deployed.keys[PARTNERS[1]]})


def chat(deployed: Deployed, model: str, text: str) -> httpx.Response:
    messages = [{"role": "user", "content": text}]
    return ask(deployed, {"model": model, "messages": messages, "temperature": 0.9})


def test_a_caller_whose_day_is_used_is_refused_until_it_ends(deployed: Deployed) -> None:
    costs = []
    for number in range(MOST_ASKED):
        answer = chat(deployed, PRICED, f"Write a long story about {number} owls, and how they hunt.")
        if answer.status_code != 200:
            break
        costs.append(answer.json()["fourfold"]["cost_usd"])
    assert answer.status_code == 429, costs
    assert "What you may use in a day is used" in answer.json()["detail"]
    assert 0 < int(answer.headers["retry-after"]) <= 24 * 60 * 60

    used = ask(deployed, path="usage").json()
    assert sum(costs) >= CAP_USD
    assert abs(used["cost_usd"] - sum(costs)) < 1e-9
    assert PRICED not in used["not_priced"]
    assert SCRIPTED in used["not_priced"]
    deployed.write("Mice.")
    beyond = chat(deployed, SCRIPTED, "What do owls hunt?")
    assert (beyond.status_code, beyond.json()["fourfold"]["cost_usd"]) == (200, None)
