"""Who asks is what API Gateway says under the path's own root; nothing that a client sends can name another."""

from __future__ import annotations

import json
import time

import pytest

from benchmarks.gateway.upstream import Upstream
from lambdas.gateway import identity
from lambdas.gateway.request import read_request
from tests.unit.gateway.conftest import Configure, Gateway

ROLE = "arn:aws:sts::123456789012:assumed-role/Reader"
CONTEXT = {
    "requestId": "gw-1",
    "identity": {"userArn": f"{ROLE}/session-1", "apiKeyId": "k1"},
    "authorizer": {"claims": {"sub": "u1"}},
}


def request(path: str, *headers: tuple[str, str]):  # type: ignore[no-untyped-def]
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return read_request({"method": "GET", "path": path, "headers": raw, "query_string": b""})


@pytest.mark.parametrize(
    ("path", "caller"),
    [
        ("/v1/models", f"service:{ROLE}"),
        ("/api/v1/models", "user:u1"),
        ("/partners/v1/models", "partner:k1"),
    ],
)
def test_each_root_has_its_own_identity(path: str, caller: str) -> None:
    asked = request(path, (identity.REQUEST_CONTEXT, json.dumps(CONTEXT)))

    assert (asked.caller.id, asked.path, asked.request_id) == (caller, "/v1/models", "gw-1")


def test_two_sessions_of_a_role_are_one_caller_and_a_user_is_itself() -> None:
    user = "arn:aws:iam::123456789012:user/ann"
    callers = [identity.caller_of("", {"identity": {"userArn": arn}}).id for arn in (f"{ROLE}/a", f"{ROLE}/b", user)]

    assert callers == [f"service:{ROLE}", f"service:{ROLE}", f"service:{user}"]


@pytest.mark.parametrize("missing", [{}, {"identity": None}, {"authorizer": {"claims": {"sub": 7}}}, {"identity": []}])
def test_where_api_gateway_names_nobody_the_caller_is_open(missing: dict[str, object]) -> None:
    assert {identity.caller_of(root, missing).id for root in ("", "/api", "/partners")} == {"open"}


@pytest.mark.parametrize("sent", ["{", "[]", '"x"', "[" * 100_000])
def test_a_context_that_is_none_names_nobody(sent: str) -> None:
    assert request("/api/v1/models", (identity.REQUEST_CONTEXT, sent)).caller.id == "open"


def test_a_context_that_is_there_twice_names_nobody() -> None:
    mine = (identity.REQUEST_CONTEXT, json.dumps(CONTEXT))
    forged = (identity.REQUEST_CONTEXT, json.dumps({"authorizer": {"claims": {"sub": "victim"}}}))

    assert request("/api/v1/models", mine, forged).caller.id == "open"


@pytest.mark.parametrize("given", ["", 'x" \n', "x" * 200, 7])
def test_a_request_s_id_that_could_forge_a_log_is_replaced(given: object) -> None:
    asked = request("/v1/models", (identity.REQUEST_CONTEXT, json.dumps({"requestId": given})))

    assert len(asked.request_id) == 36


def test_the_deadline_is_lambda_s_with_a_second_for_the_answer() -> None:
    context = json.dumps({"deadline": (time.time() + 30) * 1000})
    asked = request("/v1/models", (identity.LAMBDA_CONTEXT, context))
    without = request("/v1/models", (identity.LAMBDA_CONTEXT, '{"deadline": "soon"}'))

    assert 28 < asked.call.seconds_left <= 29
    assert without.call.seconds_left > 800


SENT = {"Content-Type": "application/json"}
NOBODY: dict[str, object] = {"identity": {"userArn": None, "apiKeyId": None}, "authorizer": None}


@pytest.mark.parametrize("root", ["/api", "/partners", ""])
@pytest.mark.parametrize("sent", [json.dumps(NOBODY), "{"])
def test_a_request_that_api_gateway_names_nobody_for_is_refused(
    gateway: Gateway, upstream: Upstream, root: str, sent: str
) -> None:
    # The adapter takes `/partners/v1/../../api/v1` for `/api/v1`: another authorizer's root than that of the method.
    reply = gateway.post(f"{root}/v1/generate", {"prompt": "x"}, headers={**SENT, identity.REQUEST_CONTEXT: sent})

    assert (reply.status, upstream.asked) == (403, [])


def test_an_api_that_is_open_is_open_to_services_and_to_no_users_or_partners(
    gateway: Gateway, configure: Configure
) -> None:
    configure(authorization="none")
    sent = {**SENT, identity.REQUEST_CONTEXT: json.dumps(NOBODY)}

    answers = [gateway.post(f"{root}/v1/generate", {"prompt": "x"}, headers=sent) for root in ("", "/api", "/partners")]

    assert [reply.status for reply in answers] == [200, 403, 403]


def test_whether_it_is_up_and_what_it_offers_is_told_to_everyone(gateway: Gateway) -> None:
    sent = {identity.REQUEST_CONTEXT: json.dumps(NOBODY)}

    assert [gateway.send("GET", path, headers=sent).status for path in ("/healthz", "/openapi.json")] == [200, 200]
