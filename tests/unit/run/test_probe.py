"""What was deployed is used as a client would use it, and what does not answer well is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdk_app.settings import Columns, Settings, load_settings
from tests.unit.run.conftest import FakeApi, FakeEndpoint
from twin.run.api import ProbeFailed
from twin.run.probe import Endpoint, Probed, probe

PROJECT = Path(__file__).resolve().parents[3]
TUNED = {"kind": "sagemaker", "endpoint": "the-endpoint", "model_package_arn": "a", "run_id": "r"}
EXTRACTIVE = {"kind": "extractive", "run_id": "r"}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(PROJECT / "workflow.yaml", "twin")


def records(settings: Settings, count: int) -> list[dict[str, Any]]:
    return [
        {
            "record_id": f"r{n}",
            "messages": [
                {"role": "user", "content": f"{settings.task.instruction}\n\nText {n}."},
                {"role": "assistant", "content": f"Reference {n}."},
            ],
        }
        for n in range(count)
    ]


def probed(
    api: FakeApi,
    settings: Settings,
    target: dict[str, Any],
    endpoint: FakeEndpoint | None = None,
    count: int = 6,
    shown: list[tuple[int, int]] | None = None,
) -> Probed:
    asked = Endpoint("the-endpoint", endpoint) if endpoint else None

    def show(done: int, total: int) -> None:
        if shown is not None:
            shown.append((done, total))

    return probe(api.client, asked, settings, target, records(settings, count), show)


def test_a_run_that_the_extractive_baseline_won_is_used_through_the_route_that_it_answers(
    api: FakeApi, settings: Settings
) -> None:
    found = probed(api, settings, EXTRACTIVE, count=3)

    assert [(path, body["text"]) for path, signed, body in api.asked if signed] == [
        ("/v1/summarize", "Text 0."),
        ("/v1/summarize", "Text 1."),
        ("/v1/summarize", "Text 2."),
    ]
    assert (found.endpoint, found.requests, found.endpoint_requests) == (None, 3, 0)
    assert found.endpoint_latency_ms_p50 is None


def test_the_api_s_latency_is_apart_from_the_endpoint_s_own(api: FakeApi, settings: Settings) -> None:
    api.delay_s = 0.05

    found = probed(api, settings, TUNED, FakeEndpoint())

    assert found.endpoint == "the-endpoint"
    assert (found.requests, found.endpoint_requests) == (3, 3)
    assert found.latency_ms_p50 >= 50
    assert found.endpoint_latency_ms_p50 is not None
    assert found.endpoint_latency_ms_p50 < 50


def test_api_and_endpoint_are_asked_for_different_records_with_the_deployed_limit(
    api: FakeApi, settings: Settings
) -> None:
    endpoint = FakeEndpoint()

    found = probed(api, settings, TUNED, endpoint)

    asked = [call["Body"]["messages"][0]["content"] for call in endpoint.asked]
    assert asked == [f"{settings.task.instruction}\n\nText {n}." for n in (1, 3, 5)]
    assert [example["reference"] for example in found.examples] == ["Reference 0.", "Reference 2.", "Reference 4."]
    assert {call["Body"]["max_tokens"] for call in endpoint.asked} == {settings.serving.max_output_tokens}


def test_a_single_record_is_asked_of_both(api: FakeApi, settings: Settings) -> None:
    found = probed(api, settings, TUNED, FakeEndpoint(), count=1)

    assert (found.requests, found.endpoint_requests) == (1, 1)


def test_progress_counts_every_request_up_to_the_last(api: FakeApi, settings: Settings) -> None:
    shown: list[tuple[int, int]] = []
    probed(api, settings, TUNED, FakeEndpoint(), count=3, shown=shown)

    assert shown == [(1, 3), (2, 3), (3, 3)]


def test_what_the_api_answers_to_nobody_in_particular_is_part_of_the_report(api: FakeApi, settings: Settings) -> None:
    assert probed(api, settings, EXTRACTIVE).unauthorized_status == 403


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (501, b'{"detail": "It does not generate."}', "501.*does not generate"),
        (502, b"<html>Bad gateway</html>", "502.*Bad gateway"),
        (200, b'{"output": ""}', "200"),
    ],
)
def test_an_error_and_an_empty_answer_are_told_with_what_came(
    api: FakeApi, settings: Settings, status: int, answer: bytes, words: str
) -> None:
    api.status, api.answer = status, answer

    with pytest.raises(ProbeFailed, match=words):
        probed(api, settings, EXTRACTIVE)


def test_an_endpoint_that_says_nothing_is_an_error(api: FakeApi, settings: Settings) -> None:
    with pytest.raises(ProbeFailed, match="the-endpoint answered with an empty text"):
        probed(api, settings, TUNED, FakeEndpoint(text=" "))


def test_an_empty_test_split_is_an_error_that_names_the_setting(api: FakeApi, settings: Settings) -> None:
    with pytest.raises(ProbeFailed, match=r"data\.split\.test"):
        probed(api, settings, EXTRACTIVE, count=0)


@pytest.mark.parametrize("named", [True, False])
def test_conversations_are_asked_by_their_last_turn_and_the_figures_say_so(
    api: FakeApi, settings: Settings, named: bool
) -> None:
    columns = Columns(messages="messages") if named else None
    own = settings.model_copy(update={"data": settings.data.model_copy(update={"columns": columns})})
    turns = [("system", "Be kind."), ("user", "Hello?"), ("assistant", "Yes?"), ("user", "Why?"), ("assistant", "So.")]
    record = {"record_id": "r", "messages": [{"role": role, "content": content} for role, content in turns]}

    found = probe(api.client, None, own, TUNED, [record], lambda _done, _total: None)

    assert [(path, body) for path, signed, body in api.asked if signed] == [("/v1/generate", {"prompt": "Why?"})]
    assert found.conversations
    assert found.examples == [{"prompt": "Why?", "reference": "So.", "output": "an answer"}]


@pytest.mark.parametrize("named", [True, False])
def test_of_pairs_each_is_asked_as_it_was_some_in_turns_and_some_not(
    api: FakeApi, settings: Settings, named: bool
) -> None:
    columns = Columns(text="prompt", target="chosen", rejected="rejected") if named else None
    own = settings.model_copy(update={"data": settings.data.model_copy(update={"columns": columns})})
    answer = {"role": "assistant", "content": "So."}
    asked = [f"{settings.task.instruction}\n\nA text.", "Why?"]
    pairs = [
        {"record_id": text, "messages": [{"role": "user", "content": text}, answer], "rejected": "No."}
        for text in asked
    ]

    found = probe(api.client, None, own, TUNED, pairs, lambda _done, _total: None)

    assert [(path, body) for path, signed, body in api.asked if signed] == [
        ("/v1/summarize", {"text": "A text."}),
        ("/v1/generate", {"prompt": "Why?"}),
    ]
    assert (found.route, found.conversations) == ("/v1/summarize", True)
