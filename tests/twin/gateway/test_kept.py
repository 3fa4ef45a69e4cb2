"""Conversations and feedback: each caller's own, whatever another one asks for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.gateway.exchange import Caller
from lambdas.gateway.kept import FeedbackStore, History, feedback
from lambdas.gateway.kept.history import MOST_CONVERSATIONS
from lambdas.gateway.problems import Problem
from lambdas.gateway.table import Table
from pipelines.preparation.preference import pair
from pipelines.preparation.settings import Columns
from tests.twin.helpers import unique
from twin.emulator import Emulator

Users = Callable[[str], Caller]
TALK: dict[str, Any] = {"title": "Buckets", "messages": [{"role": "user", "content": "What is a bucket?"}]}
GIVEN: dict[str, Any] = {
    "request_id": "0f0e1a52-9b0c-4c1e-8a5d-3f5b7d1c2e4f",
    "model": "approved",
    "messages": [{"role": "user", "content": "What is a bucket?"}],
    "answer": "A place for objects.",
    "consent": True,
}


def checked(given: dict[str, Any]) -> feedback.Feedback:
    """Read feedback where one model answers."""
    return feedback.checked(given, ("approved",))


@pytest.fixture
def store(emulator: Emulator, table: Table, monkeypatch: pytest.MonkeyPatch) -> FeedbackStore:
    """Feedback whose records go to a bucket of their own."""
    bucket = unique("raw")
    emulator.client("s3").create_bucket(Bucket=bucket)
    monkeypatch.setenv("FEEDBACK_BUCKET", bucket)
    monkeypatch.setenv("FEEDBACK_PREFIX", "feedback-")
    found = FeedbackStore.from_environment()
    assert found is not None
    return found


@pytest.fixture
def records(emulator: Emulator, store: FeedbackStore) -> Callable[[], dict[str, Any]]:
    """The records in the bucket by their keys."""
    s3 = emulator.client("s3")

    def read() -> dict[str, Any]:
        listed = s3.list_objects_v2(Bucket=store.bucket).get("Contents", [])
        return {
            item["Key"]: json.loads(s3.get_object(Bucket=store.bucket, Key=item["Key"])["Body"].read())
            for item in listed
        }

    return read


def refused(call: Callable[..., object], *args: object) -> int:
    with pytest.raises(Problem) as problem:
        call(*args)
    return int(problem.value.status)


def test_a_conversation_is_kept_shown_changed_and_deleted(table: Table, user: Users) -> None:
    history, me = History(table), user("a")
    shown = history.put(me, "c1", TALK)
    assert history.list(me) == {"conversations": [shown]}
    assert history.get(me, "c1") == {**shown, "messages": TALK["messages"]}
    history.put(me, "c2", {**TALK, "title": "Other"})
    history.put(me, "c1", {**TALK, "title": "Again"})
    listed: Any = history.list(me)["conversations"]
    assert [item["title"] for item in listed] == ["Again", "Other"]
    history.delete(me, "c1")
    assert refused(history.get, me, "c1") == refused(history.delete, me, "c1") == 404


def test_a_conversation_is_replaced_by_whoever_has_read_it_as_it_is(table: Table, user: Users) -> None:
    history, me = History(table), user("a")
    read = history.put(me, "c1", TALK)["updated"]
    shown = history.put(me, "c1", {**TALK, "title": "First", "updated": read})
    assert refused(history.put, me, "c1", {**TALK, "title": "Second", "updated": read}) == 412
    assert history.list(me) == {"conversations": [shown]}
    history.delete(me, "c1")
    assert refused(history.put, me, "c1", {**TALK, "updated": shown["updated"]}) == 412
    assert history.list(me) == {"conversations": []}


def test_an_item_is_replaced_only_where_it_is_like_the_one_that_was_read(table: Table) -> None:
    table.put("p", "s", {"updated": 1, "text": "a"}, expires_at=2**40)
    assert table.replace("p", "s", {"updated": 2, "text": "b"}, like={"updated": 1}, expires_at=2**40)
    # Whoever writes the very same once more has not heard of the first time.
    assert table.replace("p", "s", {"updated": 2, "text": "b"}, like={"updated": 1}, expires_at=2**40)
    assert not table.replace("p", "s", {"updated": 2, "text": "c"}, like={"updated": 1}, expires_at=2**40)
    assert not table.replace("p", "other", {"updated": 2}, like={"updated": 1}, expires_at=2**40)
    assert (table.get("p", "s") or {})["text"] == "b"


def test_nobody_reaches_anothers_conversation(table: Table, user: Users) -> None:
    history = History(table)
    history.put(user("a"), "c1", TALK)
    # An id, a name that holds the separator, or a caller of another kind: none of them is this caller.
    others = [user("b"), user("a#c1"), Caller("service:a", "service"), Caller("user:A", "user")]
    for other in others:
        assert history.list(other) == {"conversations": []}
        assert refused(history.get, other, "c1") == refused(history.delete, other, "c1") == 404
        history.put(other, "c1", {**TALK, "title": "Mine"})
    assert history.get(user("a"), "c1")["title"] == "Buckets"
    for path in ("../user:a/c1", "c1#", "", "c" * 65):
        assert refused(history.get, user("a"), path) == 404


def test_an_open_api_keeps_nothing(table: Table, store: FeedbackStore) -> None:
    everybody = Caller("open", "open")
    assert refused(History(table).put, everybody, "c1", TALK) == 403
    assert refused(store.add, everybody, checked({**GIVEN, "rating": "up"})) == 403


def test_a_conversation_expires_on_its_day_whether_it_was_deleted_by_then_or_not(table: Table, user: Users) -> None:
    moment = [time.time()]
    history = History(table, now=lambda: moment[0])
    history.put(user("a"), "c1", TALK)
    moment[0] += 91 * 86_400
    assert history.list(user("a")) == {"conversations": []}
    assert refused(history.get, user("a"), "c1") == 404


def test_there_are_only_so_many_conversations_and_those_can_still_be_changed(table: Table, user: Users) -> None:
    history, me = History(table), user("a")
    for number in range(MOST_CONVERSATIONS):
        table.put("HISTORY#user:a", f"c{number}", {"title": "t", "updated": number, "messages": b""}, expires_at=2**40)
    assert refused(history.put, me, "another", TALK) == 409
    assert history.put(me, "c7", TALK)["title"] == "Buckets"


def test_every_wrong_field_of_a_conversation_is_named(table: Table, user: Users) -> None:
    wrong = {"title": " ", "messages": [{"role": "robot", "content": 3}, "x"], "owner": "user:b"}
    with pytest.raises(Problem) as problem:
        History(table).put(user("a"), "c1", wrong)
    pointers = [error.pointer for error in problem.value.errors]
    assert pointers == ["#/owner", "#/title", "#/messages/0/role", "#/messages/0/content", "#/messages/1"]


def test_a_better_answer_makes_a_pair_that_preparation_reads(
    store: FeedbackStore, records: Callable[[], dict[str, Any]], user: Users
) -> None:
    store.add(user("a"), checked({**GIVEN, "rating": "down", "better_answer": "A container of objects in S3."}))
    [(key, record)] = records().items()
    assert key.startswith("feedback-pairs/20")
    example = pair(record, Columns(messages="messages", rejected="rejected"))
    assert (example.text, example.target) == ("What is a bucket?", "A container of objects in S3.")
    assert example.rejected == "A place for objects."


def test_a_vote_between_two_answers_makes_a_pair_and_a_good_answer_a_record(
    store: FeedbackStore, records: Callable[[], dict[str, Any]], user: Users
) -> None:
    store.add(user("a"), checked({**GIVEN, "rejected_answer": "A pail."}))
    store.add(user("a"), checked({**GIVEN, "rating": "up"}))
    found = {key.partition("/")[0]: record for key, record in records().items()}
    answer = {"role": "assistant", "content": "A place for objects."}
    turns = [*GIVEN["messages"], answer]
    assert {name: (record["messages"], record.get("rejected")) for name, record in found.items()} == {
        "feedback-pairs": (turns, "A pail."),
        "feedback-answers": (turns, None),
    }


@pytest.mark.parametrize("said", [{"rating": "down"}, {"comment": "Too short."}, {"rating": "up", "consent": False}])
def test_what_says_nothing_of_a_right_answer_or_has_no_consent_is_not_learned_from(
    said: dict[str, Any], store: FeedbackStore, records: Callable[[], dict[str, Any]], user: Users
) -> None:
    assert store.add(user("a"), checked({**GIVEN, **said}))["learned_from"] is False
    assert records() == {}
    listed: Any = store.list(user("a"))["feedback"]
    [shown] = listed
    assert (shown["rating"], shown["model"]) == (said.get("rating"), "approved")


def test_with_consent_the_list_shows_how_question_and_answers_begin(store: FeedbackStore, user: Users) -> None:
    better = "A container. " * 100
    store.add(user("a"), checked({**GIVEN, "rating": "down", "better_answer": better}))
    listed: Any = store.list(user("a"))["feedback"]
    texts = listed[0]["texts"]
    assert (texts["question"], texts["answer"]) == ("What is a bucket?", "A place for objects.")
    assert texts["better_answer"].startswith("A container. A container.")
    assert texts["better_answer"].endswith("…")
    assert len(texts["better_answer"]) == feedback.EXCERPT_CHARACTERS


def test_the_pairs_of_one_vote_have_the_request_of_the_preferred_answer_in_common(
    store: FeedbackStore, user: Users
) -> None:
    for rejected in ("A pail.", "A tub."):
        store.add(user("a"), checked({**GIVEN, "rating": "up", "rejected_answer": rejected}))
    listed: Any = store.list(user("a"))["feedback"]
    assert [(one["request_id"], one["texts"]["rejected_answer"]) for one in listed] == [
        (GIVEN["request_id"], "A tub."),
        (GIVEN["request_id"], "A pail."),
    ]


def test_feedback_that_was_kept_before_its_texts_were_shown_is_listed_without_them(
    table: Table, store: FeedbackStore, user: Users
) -> None:
    former: dict[str, str | int | bytes] = {
        "request_id": "r",
        "model": "m",
        "rating": "up",
        "comment": "",
        "created": 1,
        "key": "",
    }
    table.put("FEEDBACK#user:a", "0000000000001-a", former)
    listed: Any = store.list(user("a"))["feedback"]
    assert listed[0]["texts"] == {}


def test_what_is_known_of_an_answer_is_kept_with_it_and_bounded(table: Table, user: Users) -> None:
    history, me = History(table), user("a")
    about = {
        "request_id": "r-1",
        "model": "approved",
        "label": "a/3",
        "finish": "length",
        "output_tokens": 48,
        "cost_usd": 0,
    }
    talk = [*TALK["messages"], {"role": "assistant", "content": "A place", "about": about}]
    history.put(me, "c1", {**TALK, "messages": talk})
    assert history.get(me, "c1")["messages"] == talk
    wrong = {"model": "m" * 257, "latency_ms": "long", "notes": "x"}
    with pytest.raises(Problem) as problem:
        history.put(me, "c1", {**TALK, "messages": [{**TALK["messages"][0], "about": wrong}]})
    pointers = {error.pointer for error in problem.value.errors}
    assert pointers == {f"#/messages/0/about{field}" for field in ("/notes", "/model", "/latency_ms")}
    with pytest.raises(Problem):
        history.put(me, "c1", {**TALK, "messages": [{**TALK["messages"][0], "about": "x"}]})


def test_without_consent_no_text_of_the_exchange_is_kept_anywhere(
    emulator: Emulator, table: Table, store: FeedbackStore, user: Users
) -> None:
    store.add(user("a"), checked({**GIVEN, "rating": "down", "comment": "secret plan", "consent": False}))
    everything = str(emulator.client("dynamodb").scan(TableName=table.name)["Items"])
    assert "down" in everything
    for text in ("secret plan", "What is a bucket", "A place for objects"):
        assert text not in everything


def test_taking_feedback_back_takes_its_record_along_and_only_the_givers_own(
    store: FeedbackStore, records: Callable[[], dict[str, Any]], user: Users
) -> None:
    kept = str(store.add(user("a"), checked({**GIVEN, "rating": "up"}))["id"])
    assert refused(store.delete, user("b"), kept) == 404
    assert store.list(user("b")) == {"feedback": []}
    assert len(records()) == 1
    store.delete(user("a"), kept)
    assert (records(), store.list(user("a"))) == ({}, {"feedback": []})
    assert refused(store.delete, user("a"), kept) == 404


def test_a_record_that_cannot_be_written_leaves_no_judgement_that_says_it_was(
    emulator: Emulator, store: FeedbackStore, user: Users
) -> None:
    emulator.client("s3").delete_bucket(Bucket=store.bucket)
    with pytest.raises(Exception, match="NoSuchBucket"):
        store.add(user("a"), checked({**GIVEN, "rating": "up"}))
    assert store.list(user("a")) == {"feedback": []}


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "#/rating"),
        ({"rating": "sideways"}, "#/rating"),
        ({"rating": "up", "consent": None}, "#/consent"),
        ({"rating": "up", "consent": "yes"}, "#/consent"),
        ({"rating": "up", "parameters": {"temperature": float("nan")}}, "#/parameters/temperature"),
        ({"rating": "up", "parameters": {"x": 1}}, "#/parameters/x"),
        ({"rating": "up", "answer": "\ud800"}, "#/answer"),
        ({"rating": "up", "answer": "x" * 100_001}, "#/answer"),
        ({"better_answer": "a", "rejected_answer": "b"}, "#/rejected_answer"),
        ({"rating": "up", "messages": [{"role": "assistant", "content": "Hello."}]}, "#/messages"),
        ({"rating": "up", "caller": "user:b"}, "#/caller"),
        ({"rating": "up", "request_id": "nonsense"}, "#/request_id"),
        ({"rating": "up", "request_id": "0f0e1a52-9b0c-4c1e-8a5d-3f5b7d1c2e4f\n"}, "#/request_id"),
        ({"rating": "up", "model": "gpt-9"}, "#/model"),
    ],
)
def test_a_wrong_judgement_is_refused_by_its_field(said: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        checked({**GIVEN, **said})
    assert [error.pointer for error in problem.value.errors] == [pointer]
