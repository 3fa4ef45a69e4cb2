"""A stream reaches its client token by token, and ends upstream when the client goes away."""

from __future__ import annotations

import contextlib
import contextvars
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import EventStreamError

from tests.twin.conversations import TEXT
from tests.twin.helpers import wait_until
from tests.twin.scripted_model import ScriptedModel
from twin.bedrock import servers
from twin.bedrock.generation import Sampling, generate
from twin.bedrock.guarding import Guard
from twin.bedrock.guardrails import assessing
from twin.bedrock.stream import converse_stream
from twin.cancellation import Cancellation, detached, on_cancel
from twin.emulator import Emulator
from twin.events import FILE_VARIABLE
from twin.processes import marked
from twin.weights.imported import LocalModel

SCRIPTED = "arn:aws:bedrock:us-east-1:000000000000:imported-model/scripted0001"
LONG: Any = {
    "modelId": TEXT,
    "messages": [{"role": "user", "content": [{"text": "Tell me a very long story."}]}],
    "inferenceConfig": {"temperature": 0, "maxTokens": 2000},
}


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def streaming(scripted: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    servers = {SCRIPTED.rpartition("/")[2]: scripted.url}
    with Emulator(tmp_path_factory.mktemp("streaming"), model_servers=servers) as running:
        yield running


def conversation(emulator: Emulator, model: ScriptedModel, tokens: list[str]) -> Any:
    """The stream of an answer of these tokens, none of which has been made."""
    model.tell(tokens)
    messages = [{"role": "user", "content": [{"text": "Hello"}]}]
    model.allow(1)  # the answer's first frames come with the first token
    return emulator.client("bedrock-runtime").converse_stream(modelId=SCRIPTED, messages=messages)["stream"]


def asked(emulator: Emulator, path: str, body: Any) -> http.client.HTTPConnection:
    """A connection that a signed request has been sent on, and that nobody reads from."""
    content = json.dumps({name: body[name] for name in body if (name == "prompt") == ("/invoke" in path)}).encode()
    headers = {"Content-Type": "application/json"}
    request = AWSRequest("POST", f"{emulator.endpoint_url}{path}", data=content, headers=headers)
    SigV4Auth(emulator.session().get_credentials(), "bedrock", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    connection.request("POST", path, content, dict(request.headers))
    return connection


def text_of(event: Any) -> str:
    return str(event["contentBlockDelta"]["delta"]["text"])


def test_each_token_arrives_before_the_next_one_is_made(streaming: Emulator, scripted: ScriptedModel) -> None:
    tokens = ["One", " two", " three"]
    events = iter(conversation(streaming, scripted, tokens))
    assert next(events) == {"messageStart": {"role": "assistant"}}
    for number, token in enumerate(tokens, start=1):
        assert text_of(next(events)) == token
        assert scripted.made == tokens[:number]
        scripted.allow(1)
    assert [next(iter(event)) for event in events] == ["contentBlockStop", "messageStop", "metadata"]


def test_each_chunk_of_a_body_arrives_before_the_next_one_is_made(streaming: Emulator, scripted: ScriptedModel) -> None:
    scripted.tell(["One", " two"])
    scripted.allow(1)
    client = streaming.client("bedrock-runtime")
    answer = client.invoke_model_with_response_stream(modelId=SCRIPTED, body=json.dumps({"prompt": "Hello"}))
    events = iter(answer["body"])
    assert json.loads(next(events)["chunk"]["bytes"])["generation"] == "One"
    assert scripted.made == ["One"]
    scripted.allow(1)
    assert [json.loads(event["chunk"]["bytes"])["generation"] for event in events] == [" two", ""]


def test_a_client_that_goes_away_ends_the_answer_at_the_model(streaming: Emulator, scripted: ScriptedModel) -> None:
    stream = conversation(streaming, scripted, ["One", " two", " three"])
    events = iter(stream)
    assert [next(iter(event)) for event in (next(events), next(events))] == ["messageStart", "contentBlockDelta"]
    stream.close()
    assert scripted.left.wait(30)
    scripted.allow(1)  # what waits for it finds nobody to make it for
    assert scripted.made == ["One"]


@pytest.mark.parametrize("operation", ["converse", "converse-stream", "invoke", "invoke-with-response-stream"])
def test_a_client_that_goes_away_while_its_prompt_is_read_ends_that(
    streaming: Emulator, scripted: ScriptedModel, operation: str
) -> None:
    scripted.tell(["One"])  # and none is allowed: the prompt is being read
    body: Any = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    client = asked(streaming, f"/model/{quote(SCRIPTED, safe='')}/{operation}", body | {"prompt": "Hello"})
    assert scripted.asked.wait(60)
    client.close()
    assert scripted.left.wait(60)
    scripted.allow(1)
    assert scripted.made == []


@pytest.mark.parametrize(("characters", "slot"), [(20_000, {"id_slot": 1}), (100, {})], ids=["long", "short"])
def test_a_long_prompt_is_read_where_short_ones_need_not_wait_for_its_end(
    monkeypatch: pytest.MonkeyPatch, characters: int, slot: dict[str, int]
) -> None:
    sent: list[Any] = []
    answer = {"content": "", "tokens_evaluated": 0, "tokens_predicted": 0, "stop_type": "eos"}

    def ask(_model: LocalModel, _path: str, body: Any) -> Any:
        sent.append(body)
        return answer

    monkeypatch.setattr(servers, "ask", ask)

    generate(LocalModel("smollm2q41v1", "text", 8192, Path), "a" * characters, Sampling())

    assert [{name: body[name] for name in body if name == "id_slot"} for body in sent] == [slot]


def test_what_a_request_leaves_behind_goes_on_when_its_client_goes_away() -> None:
    ended: list[str] = []
    cancellation = Cancellation()
    with cancellation.here(), on_cancel(lambda: ended.append("the request")):
        going_on = detached(contextvars.copy_context())
        cancellation.cancel()
    with contextlib.ExitStack() as later:
        going_on.run(lambda: later.enter_context(on_cancel(lambda: ended.append("what it began"))))
    assert ended == ["the request"]


def test_llama_cpp_stops_generating_when_the_client_goes_away(streaming: Emulator) -> None:
    stream = streaming.client("bedrock-runtime").converse_stream(**LONG)["stream"]
    events = iter(stream)
    next(events), next(events)
    stream.close()
    log = streaming.work_dir / "bedrock" / "smollm2q41v1.log"
    assert "cancel task" in wait_until(log.read_text, lambda text: "cancel task" in text)


def test_a_model_that_dies_in_the_middle_is_an_error_of_the_stream(streaming: Emulator) -> None:
    stream = streaming.client("bedrock-runtime").converse_stream(**LONG)["stream"]
    events = iter(stream)
    next(events), next(events)
    for process in marked(streaming.mark):
        if str(8192 * 2) in process.cmdline():
            process.kill()
    with pytest.raises(EventStreamError, match=r"modelStreamErrorException.*ended before its answer"):
        list(events)


def test_a_pattern_that_takes_too_long_on_the_answer_is_an_error_of_the_stream(
    scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "events"))
    monkeypatch.setattr(assessing, "_TIMEOUT_S", 0.1)
    scripted.tell(["a" * 60, "b"])
    scripted.allow(2)
    runaway = {"name": "runaway", "pattern": "(?:a|aa)+$", "action": "BLOCK", "inputEnabled": False}
    guardrail = {"guardrailId": "g", "guardrailArn": "arn", "version": "1"}
    guard = Guard({**guardrail, "sensitiveInformationPolicy": {"regexes": [runaway]}}, traced=False)
    model = LocalModel("scripted0001", "text", 100, Path, url=scripted.url)
    asked = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}

    frames = EventStreamBuffer()
    for piece in converse_stream(model, asked, guard).pieces:
        frames.add_data(piece)

    began, failed = (frame.to_response_dict() for frame in frames)
    assert began["headers"][":event-type"] == "messageStart"
    assert (failed["status_code"], failed["headers"][":exception-type"]) == (400, "validationException")
    assert "takes too long on this text" in json.loads(failed["body"])["message"]


def test_a_prompt_that_is_too_long_is_refused_before_the_stream(streaming: Emulator) -> None:
    client = streaming.client("bedrock-runtime")
    with pytest.raises(client.exceptions.ValidationException, match="Input is too long for requested model"):
        client.converse_stream(modelId=TEXT, messages=[{"role": "user", "content": [{"text": "word " * 9000}]}])
