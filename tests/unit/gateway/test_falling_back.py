"""A model that throttles or fails is asked again with jitter, then the next in its chain; the response tells of it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.call import Call
from lambdas.gateway.models import chain, clients
from tests.unit.gateway.attempts import GONE, THROTTLED, by_model, outcomes
from tests.unit.gateway.conftest import Configure, Gateway


def test_a_throttled_request_is_tried_again_and_succeeds(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(THROTTLED, Script())

    reply = gateway.chat()

    assert reply.status == 200
    assert outcomes(reply.body) == [("first", "throttled"), ("first", "answered")]


def test_the_pauses_between_tries_are_drawn_from_a_range_that_doubles(
    gateway: Gateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    monkeypatch.setattr("lambdas.gateway.models.chain.random.uniform", draw)
    by_model(upstream, first=THROTTLED)

    assert gateway.chat().status == 429

    assert drawn == [(0, 0.2), (0, 0.4), (0, 0.8), (0, 1.6)]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "tries", "outcome"),
    [
        (THROTTLED, 5, "throttled"),
        (GONE, 1, "unavailable"),
        (Script(body=b"{}", error="X", status=500), 3, "failed"),
        (Script(error="InternalServerException", status=500), 3, "failed"),
    ],
)
def test_a_model_that_does_not_answer_is_followed_by_the_next_of_its_chain(
    gateway: Gateway, upstream: Upstream, configure: Configure, stream: bool, script: Script, tries: int, outcome: str
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=script)

    reply = gateway.chat(stream=stream)

    assert reply.status == 200
    final = reply.events[-2][1] if stream else reply.body
    assert outcomes(final) == [("first", outcome)] * tries + [("second", "answered")]
    assert (final["model"], final["fourfold"]["model"]) == ("second", "second")
    assert {chunk["model"] for _, chunk in reply.events[:-1]} == {"second"} if stream else True


def test_what_the_request_itself_is_to_blame_for_is_asked_of_no_other_model(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=Script(error="ValidationException", status=400))

    assert gateway.chat().status == 400
    assert len(upstream.asked) == 1


def test_a_model_that_does_not_take_the_parameters_is_left_out_of_the_chain(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    from tests.unit.gateway.conftest import model

    configure(models=[model("first"), model("second", sampling=False)], fallback={"first": ["second"]})
    by_model(upstream, first=GONE)

    reply = gateway.chat(temperature=0.5)

    assert (reply.status, reply.body["detail"]) == (503, "The model is not in service.")
    assert {asked.path for asked in upstream.asked} == {"/model/amazon.first-v1:0/converse"}


@pytest.mark.parametrize("path", ["/v1/generate", "/v1/classify"])
def test_a_temperature_that_the_gateway_chose_itself_keeps_no_model_out_of_the_chain(
    gateway: Gateway, upstream: Upstream, configure: Configure, path: str
) -> None:
    from tests.unit.gateway.conftest import model

    configure(models=[model("first"), model("second", sampling=False)], fallback={"approved": ["second"]})
    upstream.script = lambda path: Script() if "second" in path else GONE
    body = {"text": "x", "labels": ["owl", "bat"]} if path.endswith("classify") else {"prompt": "x"}

    reply = gateway.post(path, body)

    assert (reply.status, reply.body["model"]) == (200, "second")
    asked, then = (asked.body for asked in upstream.asked)
    assert asked["temperature"] == 0.0
    assert "temperature" not in then["inferenceConfig"]


def test_a_classification_passes_the_seed_on(gateway: Gateway, upstream: Upstream) -> None:
    gateway.post("/v1/classify", {"text": "x", "labels": ["owl", "bat"], "seed": 7})

    assert (upstream.asked[0].body["temperature"], upstream.asked[0].body["seed"]) == (0.0, 7)


def test_a_whole_answer_may_take_all_of_the_time_and_a_stream_leaves_a_stalling_model_early(
    gateway: Gateway, upstream: Upstream, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: list[float] = []
    told = chain.Chain._begun

    def begun(self: chain.Chain, *args: object) -> object:
        patience.append(float(self._call.patience or 0))
        return told(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(chain.Chain, "_begun", begun)
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=GONE)
    deadline = {"x-amzn-lambda-context": f'{{"deadline": {int((time.time() + 900) * 1000)}}}'}
    for stream in (False, True):
        body = {"model": "first", "prompt": "x", "stream": stream}
        gateway.post("/v1/generate", body, headers={"Content-Type": "application/json", **deadline})

    whole, after, streamed, last = patience
    assert 300 < whole < 450 < 600 < after
    assert streamed == chain.FIRST_WORD_SECONDS
    assert last > 600


def test_a_model_that_stalls_leaves_the_next_one_half_of_the_time(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=Script(stalls=True))
    # Of eight seconds one is kept for the answer; half of the others is time enough on a machine that is busy.
    deadline = {"x-amzn-lambda-context": f'{{"deadline": {int((time.time() + 8) * 1000)}}}'}

    reply = gateway.post(
        "/v1/generate",
        {"model": "first", "prompt": "x"},
        headers={"Content-Type": "application/json", **deadline},
    )

    assert outcomes(reply.body) == [("first", "too_slow"), ("second", "answered")]


@pytest.mark.parametrize("broken", [replace(Script(), dies_after=2), replace(Script(), fails_after=2)])
def test_an_answer_that_breaks_off_is_told_in_the_stream_and_not_begun_anew(
    gateway: Gateway, upstream: Upstream, configure: Configure, broken: Script
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=broken)

    chat = gateway.chat(stream=True).events
    task = gateway.post("/v1/generate", {"model": "first", "prompt": "x", "stream": True}).events

    assert [chunk["choices"][0]["delta"].get("content") for _, chunk in chat[:-1]] == ["", "The ", "owl "]
    error = chat[-1][1]["error"]
    assert (error["type"], error["message"]) == ("server_error", "The model's answer broke off.")
    assert [name for name, _ in task] == ["delta", "delta", "error"]
    assert task[-1][1]["status"] == 502
    assert len(upstream.asked) == 2


def test_how_long_a_model_is_waited_for_reaches_the_socket_whatever_urllib3_does_with_it() -> None:
    class Socket:
        timeout = 25.0

        def settimeout(self, seconds: float) -> None:
            self.timeout = seconds

    class Connection:
        """That of urllib3 1.26, which gives the socket its time before it reads; its own is still that to connect."""

        def __init__(self) -> None:
            self.timeout, self.sock = 2.0, Socket()

        def getresponse(self) -> float:
            return self.sock.timeout

    class Shown(clients._Shown, Connection):
        pass

    waiting = Call(time.monotonic() + 900)
    waiting.patience = 3.0
    with waiting.here():
        assert Shown().getresponse() == 3.0
