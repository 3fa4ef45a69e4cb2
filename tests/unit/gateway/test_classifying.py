"""A text gets one of the task's own labels, which the run's evaluation kept, or one of those that the request names."""

from __future__ import annotations

import json

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway import labels
from lambdas.gateway.models import approved
from tests.unit.gateway.conftest import BEDROCK, Aws, Configure, Gateway

KEPT = "/models/run=run-7/candidates/labels.json"
TEXT = {"text": "A match."}
ASKED = {"role": "user", "content": "Which is it?\n\nA match."}


@pytest.fixture(autouse=True)
def deployed(gateway: Gateway, configure: Configure, store: Aws) -> None:
    """A classification, whose approved run found two labels in its data."""
    labels._kept.cache_clear()
    configure(task_kind="classification", instruction="Which is it?")
    store.objects[KEPT] = {"labels": ["News", "Sports"]}


def test_a_text_is_classified_by_the_task_s_own_labels(gateway: Gateway, upstream: Upstream, store: Aws) -> None:
    upstream.scripted(Script(words=("sports",)), Script(words=("news or sports",)))

    found, unsure = (gateway.post("/v1/classify", TEXT).body for _ in range(2))

    assert (found["label"], found["fourfold"]["label"]) == ("Sports", "fourfold-dev/3")
    assert (unsure["label"], unsure["output"]) == (None, "news or sports")
    assert upstream.asked[0].body["messages"] == [ASKED]
    # What a run has kept does not change.
    assert len(store.reads) == 1


@pytest.mark.parametrize(("named", "own"), [(["sports", "News."], True), (["sports", "weather"], False)])
def test_the_task_s_labels_are_asked_for_as_it_was_measured_also_where_the_request_names_them(
    gateway: Gateway, upstream: Upstream, store: Aws, named: list[str], own: bool
) -> None:
    store.parameters["/target"] = json.dumps({**BEDROCK, "run_id": "run-7", "prompt_key": "run=run-7/shown.json"})
    shown = [{"role": "user", "content": "Rain."}, {"role": "assistant", "content": "News"}]
    store.objects["/models/run=run-7/shown.json"] = {"prompt_turns": shown}
    upstream.scripted(Script(words=("Sports",)))

    reply = gateway.post("/v1/classify", {**TEXT, "labels": named})

    asked = [turn["content"][0]["text"] for turn in upstream.asked[0].body["messages"]]
    assert reply.body["label"] == "sports"
    if own:
        assert asked == ["Rain.", "News", ASKED["content"]]
    else:
        assert asked == [
            "Classify the text. Answer with one of these labels and with nothing else: sports, weather.\n\nA match."
        ]


def test_a_model_that_is_no_part_of_the_run_is_asked_for_the_task_s_labels_too(
    gateway: Gateway, upstream: Upstream
) -> None:
    upstream.scripted(Script(words=("It is news",)))

    assert gateway.post("/v1/classify", {**TEXT, "model": "first"}).body["label"] == "News"


def test_without_labels_the_refusal_says_why_none_are_known(
    gateway: Gateway, upstream: Upstream, store: Aws, configure: Configure
) -> None:
    def refused(**body: object) -> str:
        reply = gateway.post("/v1/classify", {**TEXT, **body})
        assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, "#/labels")
        return str(reply.body["detail"])

    store.objects.clear()
    assert "the approved model's run has kept none; a new run does" in refused()
    store.parameters["/target"] = "none"
    approved.forget()
    assert "no model is approved yet" in refused(model="first")
    configure(task_kind="summarization")
    assert refused(model="first") == "Give 'labels': the deployed task is no classification."
    refused(labels=["a"])
    assert not upstream.asked


def test_labels_that_cannot_be_read_are_no_fault_of_the_caller_s(gateway: Gateway, store: Aws) -> None:
    store.objects[KEPT] = {"labels": "changed by hand"}

    assert gateway.post("/v1/classify", TEXT).status == 500


@pytest.mark.parametrize("unread", ["parameter", "labels"])
def test_labels_that_are_named_are_told_also_while_the_task_s_cannot_be_looked_up(
    gateway: Gateway, upstream: Upstream, store: Aws, unread: str
) -> None:
    store.denied = unread == "parameter"
    read = upstream.other
    denied = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    upstream.other = lambda path, *rest: (403, denied) if path.startswith(KEPT) else read(path, *rest)
    upstream.scripted(Script(words=("Sports",)))

    reply = gateway.post("/v1/classify", {**TEXT, "model": "first", "labels": ["news", "sports"]})

    assert (reply.status, reply.body["label"]) == (200, "sports")
    assert "one of these labels" in upstream.asked[0].body["messages"][0]["content"][0]["text"]


def test_a_label_that_small_letters_make_too_long_is_refused_as_others_are(
    gateway: Gateway, upstream: Upstream
) -> None:
    reply = gateway.post("/v1/classify", {**TEXT, "labels": ["ß" * 51, "b", "."]})

    assert reply.status == 400
    assert [error["pointer"] for error in reply.body["errors"]] == ["#/labels/0", "#/labels/2"]
    assert "longer than 100 characters in small letters" in reply.body["detail"]
    assert not upstream.asked
