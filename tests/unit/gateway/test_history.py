"""A caller's conversations are theirs to write, and what is wrong with them is told within bounds."""

from __future__ import annotations

from typing import cast

from lambdas.gateway.bodies.checking import MOST_ERRORS
from lambdas.gateway.kept import History
from lambdas.gateway.table import Table
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.parts import USER, Items


def test_a_body_that_is_wrong_all_over_is_told_the_first_of_it(gateway: Gateway) -> None:
    vars(gateway.application._services)["history"] = History(cast(Table, Items()))
    unknown = {f"unknown-{number}": 1 for number in range(20)}
    messages = [{"role": "user", "content": "hi", "about": unknown} for _ in range(20)]

    reply = gateway.send("PUT", "/api/v1/history/one", {"title": "Owls", "messages": messages}, headers=USER)

    assert (reply.status, len(reply.body["errors"])) == (400, MOST_ERRORS)
