"""How the approved model stands is what SageMaker says when somebody looks, and what only a request finds out."""

from __future__ import annotations

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models import standing
from tests.unit.gateway.conftest import TUNED, Aws, Gateway


def state(gateway: Gateway) -> str:
    (approved,) = (one for one in gateway.send("GET", "/v1/models").body["data"] if one["id"] == "approved")
    return str(approved["fourfold"]["state"])


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("InService", "ready"),
        ("Updating", "ready"),
        ("SystemUpdating", "ready"),
        ("Creating", "starting"),
        ("OutOfService", "unavailable"),
        ("Failed", "unavailable"),
        ("Deleting", "unavailable"),
        ("SomethingNew", "unknown"),
    ],
)
def test_it_stands_as_sagemaker_says(gateway: Gateway, store: Aws, status: str, stands: str) -> None:
    store.endpoint = status
    assert state(gateway) == stands


def test_a_request_that_was_answered_says_nothing_of_now(gateway: Gateway, store: Aws) -> None:
    assert gateway.post("/v1/generate", {"prompt": "x"}).status == 200
    store.endpoint = "Failed"
    assert state(gateway) == "unavailable"


def test_an_endpoint_in_service_sleeps_if_the_last_request_found_it_so(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(error="ModelNotReadyException", status=429))
    assert gateway.post("/v1/generate", {"prompt": "x"}).status == 503
    assert state(gateway) == "asleep"

    upstream.scripted(Script())
    assert gateway.post("/v1/generate", {"prompt": "x"}).status == 200
    assert state(gateway) == "ready"


def test_an_endpoint_that_is_not_there_is_unavailable(gateway: Gateway, store: Aws) -> None:
    store.refusal = ("ValidationException", 'Could not find endpoint "secret-endpoint".')
    assert state(gateway) == "unavailable"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_refusal_to_say_is_told_as_unknown_and_logged(
    gateway: Gateway, store: Aws, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    assert gateway.post("/v1/generate", {"prompt": "x"}).status == 200
    store.refusal = (code, "Not now.")

    assert state(gateway) == "unknown"
    assert code in capsys.readouterr().out


def test_sagemaker_is_asked_once_for_all_who_look_within_some_seconds_and_never_for_an_answer(
    gateway: Gateway, store: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "REMEMBERED_SECONDS", 600.0)
    gateway.post("/v1/generate", {"prompt": "x"})
    assert store.reads == []

    for _ in range(3):
        state(gateway)
    assert store.reads == [TUNED["endpoint"]]

    monkeypatch.setattr(standing, "REMEMBERED_SECONDS", 0.0)
    standing.forget()
    store.endpoint = "Creating"
    assert [state(gateway), state(gateway)] == ["starting", "starting"]
    assert len(store.reads) == 3
