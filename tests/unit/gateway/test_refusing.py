"""What is wrong with a request is told field by field, before any model is asked; nothing that is sent breaks it."""

from __future__ import annotations

import http.client
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.gateway.upstream import Upstream
from lambdas.gateway.bodies.checking import MOST_ERRORS
from tests.unit.gateway.conftest import MAX_CHARACTERS, Configure, Gateway


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({}, 400, "'text' is missing"),
        ({"text": 1}, 400, "'text' must be a string"),
        ({"text": None}, 400, "'text' must be a string"),
        ({"text": "  "}, 400, "'text' must not be blank"),
        ({"text": "\ud800"}, 400, "half of a surrogate pair"),
        ({"text": "x" * (MAX_CHARACTERS + 1)}, 413, "2,001 characters and 2,000 are allowed"),
        ({"text": "x", "max_tokens": 0}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": 65}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": True}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": 1.5}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": None}, 400, "from 1 to 64"),
        ({"text": "x", "temperature": 1.1}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": -0.1}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": "0"}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": True}, 400, "from 0 to 1"),
        ({"text": "x", "top_p": 0}, 400, "above 0, to 1"),
        ({"text": "x", "stop": ["a"] * 5}, 400, "a string or a list of 1 to 4 strings"),
        ({"text": "x", "stop": ""}, 400, "must not be empty"),
        ({"text": "x", "seed": 2**64}, 400, "whole number within 64 bits"),
        ({"text": "x", "stream": 1}, 400, "must be true or false"),
        ({"text": "x", "fourfold": 1}, 400, "must be an object"),
        ({"text": "x", "fourfold": {"documents": True}}, 400, "no field 'documents'"),
        ({"text": "x", "model": "x" * 201}, 400, "201 characters, 200 at most"),
        ([], 400, "must be a JSON object"),
        ("text", 400, "must be a JSON object"),
    ],
)
def test_a_wrong_body_is_refused_with_its_fault(
    gateway: Gateway, upstream: Upstream, body: object, status: int, detail: str
) -> None:
    reply = gateway.post("/v1/summarize", body)

    assert reply.status == status
    assert detail in reply.text
    assert not upstream.asked


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "either 'prompt' or 'messages'"),
        ({"prompt": "x", "messages": []}, "either 'prompt' or 'messages'"),
        ({"prompt": ["x"]}, "'prompt' must be a string"),
        ({"messages": []}, "1 to 64 messages"),
        ({"messages": "x"}, "1 to 64 messages"),
        ({"messages": [{"role": "user", "content": "x"}] * 65}, "1 to 64 messages"),
        ({"messages": ["x"]}, "must be an object"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "'role' must be one of"),
        ({"messages": [{"role": "user"}]}, "'content' must be a string"),
        ({"messages": [{"role": "user", "content": "x", "name": "n"}]}, "no field 'name'"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "take turns"),
        ({"messages": [{"role": "user", "content": "x"}] * 2}, "take turns"),
        ({"messages": [{"role": "system", "content": "x"}]}, "must be the user's"),
        ({"messages": [{"role": "system", "content": "x"}] * 2}, "take turns"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, "the user's"),
    ],
)
def test_a_wrong_conversation_is_refused_with_its_fault(gateway: Gateway, body: object, detail: str) -> None:
    reply = gateway.post("/v1/generate", body)

    assert reply.status == 400
    assert detail in " ".join(error["detail"] for error in reply.body["errors"])


def test_characters_are_counted_over_the_whole_conversation(gateway: Gateway) -> None:
    half = {"role": "user", "content": "x" * 1200}
    reply = gateway.post("/v1/generate", {"messages": [half, half | {"role": "assistant"}, half]})

    assert reply.status == 413
    assert "3,600 characters" in reply.body["detail"]


def test_every_wrong_field_is_reported_with_a_pointer(gateway: Gateway) -> None:
    reply = gateway.post("/v1/summarize", {"text": 1, "max_tokens": "x", "temperature": [], "more": 1})

    assert [error["pointer"] for error in reply.body["errors"]] == [
        "#/more",
        "#/text",
        "#/max_tokens",
        "#/temperature",
    ]
    assert reply.body["detail"] == "4 fields are wrong; see 'errors'."


@pytest.mark.parametrize(
    "asked", [{"max_tokens": 1}, {"max_tokens": 64}, {"temperature": 0}, {"temperature": 1}, {"top_p": 1}]
)
def test_the_bounds_themselves_are_allowed(gateway: Gateway, asked: dict[str, int]) -> None:
    assert gateway.post("/v1/summarize", {"text": "x" * MAX_CHARACTERS, **asked}).status == 200


def test_a_text_that_is_escaped_throughout_still_fits(gateway: Gateway) -> None:
    assert gateway.post("/v1/summarize", {"text": "ü" * MAX_CHARACTERS}).status == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_content_type_is_refused(gateway: Gateway, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    assert gateway.post("/v1/summarize", {"text": "x"}, headers=headers).status == 415


def test_the_content_type_may_name_its_character_set(gateway: Gateway) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}

    assert gateway.post("/v1/summarize", {"text": "x"}, headers=headers).status == 200


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "The body is empty"),
        (b'{"text": "\xfc"}', "not valid UTF-8"),
        (b"\xff\xfe{\x00}\x00", "not valid UTF-8"),
        (b'{"text": }', "line 1, column 10"),
        (b'{"text": "x", "temperature": NaN}', "NaN is not a JSON number"),
        (b'{"text": "x", "text": "y"}', "names a field twice"),
        (b'{"text": ' + b"9" * 5000 + b"}", "a number that is too long"),
        (b'{"text": ' + b"[" * 2000 + b"]" * 2000 + b"}", "nested deeper than 8 levels"),
        (b"[" * 9 + b"]" * 9, "must be a JSON object"),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_the_place(gateway: Gateway, raw: bytes, detail: str) -> None:
    reply = gateway.send("POST", "/v1/summarize", raw=raw)

    assert reply.status == 400
    assert detail in reply.body["detail"]


def test_json_of_100_000_levels_is_refused_for_its_depth(gateway: Gateway, configure: Configure) -> None:
    from tests.unit.gateway.conftest import settings as written

    limits = {**written()["limits"], "max_input_characters": 100_000}  # type: ignore[dict-item]
    configure(limits=limits)
    deep = b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    reply = gateway.send("POST", "/v1/generate", raw=deep)

    assert (reply.status, reply.body["detail"]) == (400, "The body is nested deeper than 8 levels.")


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_ten_megabytes_is_refused_and_the_client_comes_to_read_why(
    gateway: Gateway, upstream: Upstream, announced: bool
) -> None:
    content = b'{"text": "' + b"x" * 10_000_000 + b'"}'
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    pieces = content if announced else iter([content[at : at + 65536] for at in range(0, len(content), 65536)])
    connection.request("POST", "/v1/summarize", pieces, {"Content-Type": "application/json"})
    response = connection.getresponse()
    problem = json.load(response)
    connection.close()

    assert response.status == 413
    assert problem["detail"] == "The body is longer than the 28,384 bytes allowed."
    assert not upstream.asked


@pytest.mark.parametrize(
    ("given", "wrong"), [({}, "'media_type' is missing; it must be"), ({"media_type": "text/csv"}, "must be")]
)
def test_of_what_kind_a_document_may_be_is_told_whether_it_names_none_or_another(
    gateway: Gateway, given: dict[str, str], wrong: str
) -> None:
    reply = gateway.post("/v1/documents", {"name": "a", "text": "Owls hunt mice.", **given})

    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, "#/media_type")
    assert f"{wrong} one of text/plain, text/markdown, text/html, application/pdf" in reply.body["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/summarise",
        "/v1/../healthz",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/v1/history/../../etc/passwd",
        "/v1/history/..%2f..%2fetc",
        "/v1/history/%00",
        "/v1/documents/a%2fb",
        "//healthz",
        "/api/v1",
        "/api/healthz",
        "/partners/v2/models",
        "/v1/models/x",
    ],
)
def test_a_path_that_is_none_is_not_found(gateway: Gateway, path: str) -> None:
    assert gateway.send("GET", path).status == 404


def test_a_path_that_is_none_is_told_those_that_whoever_asks_may_ask(gateway: Gateway) -> None:
    told = {root: gateway.send("GET", f"{root}/v1/nothing").body["detail"] for root in ("", "/api", "/partners")}

    assert "/v1/workflow" in told[""]
    assert "/v1/workflow" in told["/api"]
    assert "/v1/workflow" not in told["/partners"]
    assert "/v1/chat/completions" in told["/partners"]


def test_another_method_is_refused_with_those_there_are(gateway: Gateway) -> None:
    for method, path, allowed in (
        ("GET", "/v1/summarize", "POST"),
        ("POST", "/v1/models", "GET"),
        ("PATCH", "/v1/history/a", "DELETE, GET, PUT"),
        ("PUT", "/healthz", "GET"),
    ):
        reply = gateway.send(method, path)
        assert (reply.status, reply.headers["allow"]) == (405, allowed)


def test_a_header_cannot_be_smuggled_into_the_answer_or_the_log(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    good = gateway.send("GET", "/v1/models", headers={"X-Correlation-Id": "order-17.b_2"})
    forged = gateway.send("GET", "/v1/models", headers={"X-Correlation-Id": 'x" {"level": "ERROR"}'})
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Correlation-Id: a\r\n b\r\nX-A: \x00\r\n\r\n")
        answered = raw.recv(65536)

    assert good.headers["x-correlation-id"] == "order-17.b_2"
    assert forged.headers["x-correlation-id"] == forged.headers["x-request-id"]
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert '"ERROR"' not in capsys.readouterr().out


def test_a_model_s_name_with_a_line_break_is_a_name_that_nothing_has(gateway: Gateway) -> None:
    reply = gateway.post("/v1/generate", {"prompt": "x", "model": "a\r\nSet-Cookie: b=c"})

    assert reply.status == 404
    assert "set-cookie" not in reply.headers


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "prompt", "messages", "role", "content", "temperature", "stop", "stream"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["/v1/summarize", "/v1/generate", "/v1/chat/completions", "/v1/classify", "/v1/embeddings", "/v1/search"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)
    | st.binary(max_size=60)
    | _JSON.map(lambda value: json.dumps(value).encode()),
)
def test_whatever_is_sent_the_answer_is_a_success_or_a_problem_of_the_caller_s(
    gateway: Gateway, path: str, raw: bytes
) -> None:
    assert gateway.send("POST", path, raw=raw).status in (200, 400, 413, 501)


@pytest.mark.parametrize("path", ["/v1/history/c-1", "/v1/feedback"])
def test_however_much_is_wrong_so_much_is_told_and_no_more(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for name in ("GATEWAY_TABLE", "FEEDBACK_BUCKET", "FEEDBACK_PREFIX"):
        monkeypatch.setenv(name, "x")
    someone = {"x-amzn-request-context": '{"identity": {"userArn": "arn:aws:iam::1:user/ann"}}'}
    turn = {"role": "user", "content": "hi", **{f"b{number}": 0 for number in range(1000)}}
    body = {"messages": [turn], **{f"a{number}": 0 for number in range(1000)}}

    method = "POST" if path.endswith("feedback") else "PUT"
    reply = gateway.send(method, path, body, headers={"Content-Type": "application/json", **someone})

    assert (reply.status, len(reply.body["errors"])) == (400, MOST_ERRORS)
