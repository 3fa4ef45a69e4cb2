"""Conversations to examples, in the spellings that data sets have."""

import json
from typing import Any

import pytest

from pipelines.formats.chat import chat_line
from pipelines.preparation.curation import Tally, curate
from pipelines.preparation.formats import record_of
from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Candidate, Line, Reason, Rejected
from pipelines.preparation.settings import Settings

TURNS = [("system", "Be short."), ("user", "What is S3?"), ("assistant", "A place for objects.")]


def line_of(value: object) -> Line:
    content = json.dumps({"messages": value}).encode()
    return Line("a.jsonl", 1, content, len(content))


def chat(*turns: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


SPELLINGS = [
    chat(*TURNS),
    [{"from": {"user": "human", "assistant": "gpt"}.get(role, role), "value": text} for role, text in TURNS],
    chat(*((role, [{"text": text}]) for role, text in TURNS)),
    chat(*((role, [{"type": "text", "text": text}]) for role, text in TURNS)),
]


@pytest.fixture
def conversations(settings_document: dict[str, Any]) -> Settings:
    settings_document["data"]["columns"] = {"messages": "messages"}
    settings_document["data"]["filters"]["min_words"] = 1
    return Settings.from_json(json.dumps(settings_document))


@pytest.mark.parametrize("value", SPELLINGS, ids=["chat", "sharegpt", "bedrock", "openai"])
def test_every_spelling_comes_to_the_same_example(conversations: Settings, value: object) -> None:
    example = parse(line_of(value), conversations.schema, 1000)
    assert (example.text, example.target) == ("Be short.\n\nWhat is S3?", "A place for objects.")
    assert [tuple(turn) for turn in example.turns] == TURNS


def test_each_turn_is_cleaned_and_kept_in_its_place(conversations: Settings) -> None:
    turns = [("user", "<p>Write to <b>jane@example.com</b> please</p>"), ("assistant", "Done&nbsp;that")]
    row = curate(line_of(chat(*turns)), conversations, Tally())
    assert isinstance(row, Candidate)
    assert json.loads(chat_line(record_of(row, "Summarize.")))["messages"] == chat(
        ("user", "Write to [EMAIL] please"), ("assistant", "Done that")
    )


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        ("hello", Reason.WRONG_TYPE, "column 'messages' is string, not an array of turns"),
        ([], Reason.INVALID_CONVERSATION, "it goes nowhere"),
        (["hello"], Reason.WRONG_TYPE, "turn 1 of 'messages' is string, not an object"),
        (chat(*TURNS[:2]), Reason.INVALID_CONVERSATION, "it goes system, user"),
        (chat(TURNS[1], TURNS[1], TURNS[2]), Reason.INVALID_CONVERSATION, "it goes user, user, assistant"),
        (chat(TURNS[2], TURNS[1]), Reason.INVALID_CONVERSATION, "it goes assistant, user"),
        (chat(TURNS[1], TURNS[2], TURNS[0]), Reason.INVALID_CONVERSATION, "it goes user, assistant, system"),
        (chat(("tool", "x")), Reason.INVALID_CONVERSATION, "the role of turn 1 of 'messages' must be one of"),
        (chat(("user", " ")), Reason.EMPTY, "turn 1 of 'messages' is blank"),
        (chat(("user", 3)), Reason.WRONG_TYPE, "the content of turn 1 of 'messages' is number"),
        (chat(("user", [{"image": "x"}])), Reason.WRONG_TYPE, "the content of turn 1 of 'messages' is array"),
        ([{"content": "x"}], Reason.INVALID_CONVERSATION, "the role of turn 1"),
    ],
)
def test_a_conversation_that_no_model_can_learn_from_is_rejected(
    conversations: Settings, value: object, reason: Reason, detail: str
) -> None:
    with pytest.raises(Rejected) as rejected:
        parse(line_of(value), conversations.schema, 1000)
    assert rejected.value.reason is reason
    assert detail in rejected.value.detail
