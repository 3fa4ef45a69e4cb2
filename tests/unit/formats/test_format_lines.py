"""The lines that are written, as the documentation shows them."""

import json
from pathlib import Path

import pytest

from lambdas.shared.records import parse_record
from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from pipelines.formats.check import check_lines
from pipelines.formats.outputs import LINE_OUTPUTS
from pipelines.formats.records import Format, Message, NotRepresentable, Place, Record
from pipelines.preparation.formats import record_of
from pipelines.preparation.records import Candidate, Example, Line, Turn
from pipelines.tuning.examples import records_in

QUESTION, ANSWER = Message("user", "What is AWS?"), Message("assistant", "It's Amazon Web Services.")
PAIR = Record((QUESTION, ANSWER), record_id="f00d", source=Place("d/a.jsonl", 3), cluster="beef")
WITH_SYSTEM = Record((Message("system", "Be brief."), QUESTION, ANSWER), record_id="f00d")
FOUR_TURNS = Record((QUESTION, ANSWER, Message("user", "More."), Message("assistant", "No.")), record_id="f00d")
TEXT = Record(text="AWS stands for Amazon Web Services")


def test_a_chat_line_is_the_same_bytes_in_every_release() -> None:
    assert chat_line(PAIR) == (
        '{"record_id": "f00d", "messages": [{"role": "user", "content": "What is AWS?"}, '
        '{"role": "assistant", "content": "It\'s Amazon Web Services."}], '
        '"source": {"key": "d/a.jsonl", "line": 3}, "cluster": "beef"}'
    )


def candidate(example: Example) -> Candidate:
    return Candidate("f00d" * 8, "train", example, {}, Line("d/a.jsonl", 3, b"", 0))


def test_the_preparation_s_records_are_written_with_their_instruction_and_read_alone_in_pre_training() -> None:
    summary = candidate(Example("text", "target"))
    assert json.loads(chat_line(record_of(summary, "Summarize.", "beef"))) == {
        "record_id": "f00d" * 8,
        "messages": [{"role": "user", "content": "Summarize.\n\ntext"}, {"role": "assistant", "content": "target"}],
        "source": {"key": "d/a.jsonl", "line": 3},
        "cluster": "beef",
    }
    record = record_of(summary, "Summarize.", "beef")
    assert json.loads(prompt_completion_line(record)) == {"prompt": "Summarize.\n\ntext", "completion": "target"}
    assert json.loads(pre_training_line(record)) == {"input": "text"}


def test_the_preparation_s_conversations_stay_as_they_are_in_every_format() -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Ask."), Turn("assistant", "Answer."))
    record = record_of(candidate(Example.of(turns)), "Summarize.")
    assert json.loads(conversation_line(record))["system"] == [{"text": "Be brief."}]
    assert json.loads(messages_line(record))["messages"] == [turn._asdict() for turn in turns[1:]]
    assert json.loads(pre_training_line(record)) == {"input": "Be brief.\n\nAsk.\n\nAnswer."}


def test_the_preparation_s_texts_are_for_pre_training_and_no_line_to_train_answers_on() -> None:
    record = record_of(candidate(Example("A text.")), "Summarize.")
    assert json.loads(pre_training_line(record)) == {"input": "A text."}
    assert json.loads(chat_line(record))["text"] == "A text."
    findings = check_lines([chat_line(record)], Format.CHAT)
    assert [finding.detail for finding in findings.listed] == ["no messages; a text alone has nothing to answer"]


def test_training_and_evaluation_read_a_chat_line(tmp_path: Path) -> None:
    (tmp_path / "part-00000.jsonl").write_text(chat_line(PAIR) + "\n", encoding="utf-8")
    (trained,) = records_in(tmp_path)
    assert (trained.record_id, trained.reference) == ("f00d", ANSWER.content)
    evaluated = parse_record(chat_line(PAIR).encode(), "here")
    assert (evaluated.prompt, evaluated.reference) == (QUESTION.content, ANSWER.content)


def test_a_prompt_completion_line_has_the_question_and_the_answer_and_no_other_key() -> None:
    assert json.loads(prompt_completion_line(PAIR)) == {"prompt": QUESTION.content, "completion": ANSWER.content}


def test_a_system_message_stands_before_the_prompt_as_an_instruction_does() -> None:
    assert json.loads(prompt_completion_line(WITH_SYSTEM))["prompt"] == "Be brief.\n\nWhat is AWS?"


def test_a_conversation_line_is_in_the_form_of_the_converse_api() -> None:
    assert json.loads(conversation_line(WITH_SYSTEM)) == {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "What is AWS?"}]},
            {"role": "assistant", "content": [{"text": "It's Amazon Web Services."}]},
        ],
    }
    assert "system" not in json.loads(conversation_line(PAIR))


def test_a_messages_line_has_a_system_text_and_contents_that_are_texts() -> None:
    assert json.loads(messages_line(WITH_SYSTEM)) == {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "What is AWS?"},
            {"role": "assistant", "content": "It's Amazon Web Services."},
        ],
    }
    assert list(json.loads(messages_line(PAIR))) == ["messages"]


def test_a_pre_training_line_is_the_text_or_else_the_messages_without_roles() -> None:
    assert json.loads(pre_training_line(TEXT)) == {"input": "AWS stands for Amazon Web Services"}
    assert json.loads(pre_training_line(PAIR)) == {"input": "What is AWS?\n\nIt's Amazon Web Services."}
    both = Record(PAIR.messages, text="The text alone.")
    assert json.loads(pre_training_line(both)) == {"input": "The text alone."}


@pytest.mark.parametrize(
    ("output", "record", "words"),
    [
        ("chat", Record((QUESTION, ANSWER)), "record_id"),
        ("chat", Record(record_id="f00d"), "neither a text nor messages"),
        ("bedrock-prompt-completion", FOUR_TURNS, "turns of user, assistant, user, assistant"),
        ("bedrock-prompt-completion", Record((ANSWER, QUESTION)), "turns of assistant, user"),
        ("bedrock-prompt-completion", TEXT, "a text alone"),
        ("bedrock-conversation", TEXT, "a text alone"),
        ("bedrock-messages", TEXT, "a text alone"),
        ("bedrock-messages", Record((Message("system", "Be brief."),)), "no question"),
        ("bedrock-pre-training", Record(), "neither a text nor messages"),
    ],
)
def test_what_a_format_has_no_place_for_is_refused_and_not_bent(output: str, record: Record, words: str) -> None:
    with pytest.raises(NotRepresentable, match=words):
        LINE_OUTPUTS[output].write(record)


def test_conversations_of_several_turns_are_written_where_there_is_a_place_for_them() -> None:
    for output in ("chat", "bedrock-conversation", "bedrock-messages"):
        assert len(json.loads(LINE_OUTPUTS[output].write(FOUR_TURNS))["messages"]) == 4


@pytest.mark.parametrize("output", LINE_OUTPUTS)
def test_no_line_holds_a_separator_that_splits_it(output: str) -> None:
    text = "a\u2028b\u2029c\u0085d\ne"
    record = Record((Message("user", text), Message("assistant", text)), text, record_id="f00d")
    line = LINE_OUTPUTS[output].write(record)
    assert len(line.splitlines()) == 1
    assert text in json.dumps(json.loads(line), ensure_ascii=False).replace("\\n", "\n")
