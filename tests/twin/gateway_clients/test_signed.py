"""Requests that botocore signs (SigV4), as services of the account send them, against the services' root."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.twin.gateway_clients.deployed import SCRIPTED, Deployed, Keys
from tests.twin.helpers import allow, make_role

Ask = Callable[..., Any]


@pytest.fixture
def ask(deployed: Deployed) -> Ask:
    """Sends a signed request; its answer as botocore gives it."""

    def send(path: str, body: Any = None, keys: Keys | None = None, method: str = "") -> Any:
        given = keys or deployed.service
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if content else {}
        request = AWSRequest(method or ("POST" if content else "GET"), f"{deployed.url}{path}", headers, content)
        credentials = Credentials(given.access_key, given.secret_key, given.token or None)
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        return URLLib3Session().send(request.prepare())

    return send


def test_a_service_gets_a_summary(ask: Ask) -> None:
    answer = ask("/v1/summarize", {"text": "Owls hunt at night. They eat mice and voles.", "max_tokens": 8})
    assert answer.status_code == 200
    document = json.loads(answer.text)
    assert document["output"]
    assert (document["fourfold"]["label"], document["run_id"]) == ("smollm2q41v1", "a-run")
    assert document["usage"]["output_tokens"] <= 8


def test_what_a_session_of_a_role_keeps_is_the_roles(deployed: Deployed, ask: Ask) -> None:
    talk = {"title": "Owls", "messages": [{"role": "user", "content": "What do owls hunt?"}]}
    assert ask("/v1/history/owls", talk, method="PUT").status_code == 200
    another = make_role(deployed.emulator, "ec2", allow("execute-api:Invoke"))
    assert ask("/v1/history/owls").status_code == 200
    assert ask("/v1/history/owls", keys=deployed.session_of(another)).status_code == 404


def test_a_query_is_signed_as_it_is_sent(ask: Ask) -> None:
    assert ask("/v1/models?of=owls%20%26%20mice&of=two").status_code == 200


@pytest.mark.parametrize("route", ["summarize", "generate"])
def test_the_services_root_streams(deployed: Deployed, ask: Ask, route: str) -> None:
    deployed.write("Mice", " and", " voles.", now=3)
    given = {"text": "Owls"} if route == "summarize" else {"prompt": "Owls"}
    answer = ask(f"/v1/{route}", {**given, "model": SCRIPTED, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [line for line in answer.text.splitlines() if line.startswith("event: ")] == [
        *["event: delta"] * 3,
        "event: done",
    ]


def test_a_request_without_a_signature_or_with_a_wrong_one_is_refused(deployed: Deployed, ask: Ask) -> None:
    forged = Keys(deployed.service.access_key, "another-secret", deployed.service.token)
    assert deployed.ask("/v1/models").status_code == 403
    assert ask("/v1/models", keys=forged).status_code == 403


def test_a_role_without_the_permission_is_refused(deployed: Deployed, ask: Ask) -> None:
    stranger = deployed.session_of(make_role(deployed.emulator, "ec2", allow("s3:ListAllMyBuckets")))
    assert ask("/v1/models", keys=stranger).status_code == 403


def test_a_role_that_may_try_summaries_may_do_nothing_else(deployed: Deployed, ask: Ask) -> None:
    api = deployed.outputs["RestApiId"]
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{api}/live/POST/v1/summarize"
    tester = deployed.session_of(make_role(deployed.emulator, "lambda", allow("execute-api:Invoke", arn)))
    deployed.write("Mice.", now=1)
    assert ask("/v1/summarize", {"text": "Owls hunt mice.", "model": SCRIPTED}, keys=tester).status_code == 200
    assert ask("/v1/generate", {"prompt": "Owls", "model": SCRIPTED}, keys=tester).status_code == 403
