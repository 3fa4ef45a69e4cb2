"""The emulator's border: no web page gets through it, and nobody to the emulator's own administration."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping

import pytest

from tests.twin.helpers import unique
from twin.emulator import Emulator, border

# A root user's request as any page can write it: this user's signature is not verified.
LIST_ROLES = "/?Action=ListRoles&Version=2010-05-08&X-Amz-Signature=0&X-Amz-Algorithm=AWS4-HMAC-SHA256"
CREDENTIAL = "&X-Amz-Credential=000000000000/20260101/us-east-1/iam/aws4_request"


def scope(path: str = "/", **headers: str) -> border.Message:
    given = {"host": "127.0.0.1:4566", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"type": "http", "path": path, "headers": [(k.encode(), v.encode()) for k, v in given.items()]}


def ask(emulator: Emulator, method: str, path: str, headers: Mapping[str, str], body: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        assert answer.status == 200 or "Access-Control-Allow-Origin" not in answer.headers
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:8888", "http://127.0.0.1:4566.evil.example"]
)
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    assert "no web pages" in str(border.refusal(scope(origin=origin)))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_request_that_a_browser_sends_from_another_site_is_refused(site: str) -> None:
    assert "other sites" in str(border.refusal(scope(sec_fetch_site=site)))


@pytest.mark.parametrize("host", ["rebound.example:4566", "127.0.0.1.evil.example", "evillocalhost", "", "10.0.0.7"])
def test_a_name_that_is_not_this_machines_is_refused(host: str) -> None:
    assert "this machine's own names" in str(border.refusal(scope(host=host)))


def test_a_request_that_names_two_hosts_is_refused() -> None:
    twice = scope()
    twice["headers"] *= 2
    assert "this machine's own names" in str(border.refusal(twice))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:1", "[::1]:4566", "bucket.s3.localhost:4566", "0123abcd.execute-api.localhost"]
)
def test_a_program_that_addresses_loopback_passes(host: str) -> None:
    assert border.refusal(scope(host=host)) is None


def test_what_the_user_opens_in_a_browser_passes() -> None:
    assert border.refusal(scope(sec_fetch_site="none")) is None
    assert border.refusal(scope(origin="http://127.0.0.1:4566", sec_fetch_site="same-origin")) is None


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/config", "/_ministack/lambda-code/f", "/_localstack/x", "/_ministack"]
)
def test_the_emulators_administration_is_refused_by_name(path: str) -> None:
    assert f"does not serve {path}" in str(border.refusal(scope(path)))


@pytest.mark.parametrize("path", ["/_ministack/health", "/_ministack/cfn-response/token", "/_ministackbucket/key"])
def test_its_health_and_the_answers_of_custom_resources_pass(path: str) -> None:
    assert border.refusal(scope(path)) is None


def test_a_page_cannot_act_as_the_accounts_root(emulator: Emulator) -> None:
    page = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert ask(emulator, "POST", f"{LIST_ROLES}{CREDENTIAL}", {})[0] == 200
    assert ask(emulator, "POST", f"{LIST_ROLES}{CREDENTIAL}", page)[0] == 403
    assert ask(emulator, "OPTIONS", "/", {**page, "Access-Control-Request-Method": "POST"})[0] == 403


def test_nobody_resets_or_configures_a_running_emulator(emulator: Emulator) -> None:
    bucket = unique("bucket")
    emulator.client("s3").create_bucket(Bucket=bucket)
    assert ask(emulator, "POST", "/_ministack/reset", {})[0] == 403
    canned = json.dumps({"stepfunctions._sfn_mock_config": {}})
    assert ask(emulator, "POST", "/_ministack/config", {}, canned)[0] == 403
    emulator.client("s3").head_bucket(Bucket=bucket)


def test_a_web_socket_is_closed_before_it_opens() -> None:
    sent: list[border.Message] = []

    async def send(message: border.Message) -> None:
        sent.append(message)

    async def application(*_request: object) -> None:
        raise AssertionError("the border let it through")

    asyncio.run(border.guarded(application)({"type": "websocket", "path": "/", "headers": []}, None, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_bucket_can_be_addressed_by_its_host(emulator: Emulator) -> None:
    bucket = unique("bucket")
    emulator.client("s3").create_bucket(Bucket=bucket)
    emulator.client("s3").put_object(Bucket=bucket, Key="key", Body=b"content")
    url = emulator.client("s3").generate_presigned_url("get_object", {"Bucket": bucket, "Key": "key"})
    query = url.partition("?")[2]
    host = f"{bucket}.s3.localhost:{emulator.port}"
    assert ask(emulator, "GET", f"/key?{query}", {"Host": host})[1] == "content"
