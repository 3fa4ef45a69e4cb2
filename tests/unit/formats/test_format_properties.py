"""What holds of every record: what is accepted reads back as it was, and what is written is judged."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.check import check_lines, verdict
from pipelines.formats.json_lines import read_lines
from pipelines.formats.limits import MODELS
from pipelines.formats.outputs import LINE_OUTPUTS
from pipelines.formats.records import Format, Message, NotRepresentable, Place, Record

# Among them are half characters, separators that split lines elsewhere, and what models reserve.
TEXTS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["User: a", "\nHuman: a", "a\u2028b", "a\r\nb", " ", "[EOS]", "\x00", "\U0001f600"]
)
ROLES = st.sampled_from(["system", "user", "assistant"])
CONVERSATIONS = st.lists(st.builds(Message, ROLES, TEXTS), max_size=5) | st.tuples(
    st.builds(Message, st.just("user"), TEXTS), st.builds(Message, st.just("assistant"), TEXTS)
)
RECORDS = st.builds(
    Record,
    messages=CONVERSATIONS.map(tuple),
    text=st.none() | TEXTS,
    record_id=TEXTS,
    source=st.none() | st.builds(Place, TEXTS, st.integers(1, 10**9)),
    cluster=st.none() | TEXTS,
)


def read_back(line: str, form: Format) -> Record:
    """Read a line as its documentation says, with nothing of the package that wrote it."""
    document = json.loads(line)
    if form is Format.PRE_TRAINING:
        return Record(text=document["input"])
    if form is Format.PROMPT_COMPLETION:
        return Record((Message("user", document["prompt"]), Message("assistant", document["completion"])))
    messages = [Message(message["role"], contents(message["content"])) for message in document["messages"]]
    if "system" in document:
        messages.insert(0, Message("system", contents(document["system"])))
    source = Place(**document["source"]) if "source" in document else None
    return Record(tuple(messages), None, document.get("record_id", ""), source, document.get("cluster"))


def contents(value: Any) -> str:
    if isinstance(value, str):
        return value
    (block,) = value
    text: str = block["text"]
    return text


def what_the_format_holds(record: Record, form: Format) -> Record:
    """What of a record a format has a place for."""
    if form is Format.CHAT:
        return Record(record.messages, None, record.record_id, record.source, record.cluster)
    if form is Format.PRE_TRAINING:
        joined = "\n\n".join(message.content for message in record.messages)
        return Record(text=joined if record.text is None else record.text)
    if form is Format.PROMPT_COMPLETION and record.system is not None:
        (question, answer) = record.turns
        return Record((Message("user", f"{record.system}\n\n{question.content}"), answer))
    return Record(record.messages)


@pytest.mark.parametrize("output", LINE_OUTPUTS)
@given(record=RECORDS)
def test_a_record_that_is_accepted_reads_back_equal_and_another_one_is_named(output: str, record: Record) -> None:
    form, write = LINE_OUTPUTS[output]
    try:
        line = write(record)
    except NotRepresentable:
        return
    findings = check_lines([line], form)
    if findings.accepted:
        content = f"{line}\n".encode()
        assert list(read_lines(io.BytesIO(content))) == [content]
        assert read_back(content.decode(), form) == what_the_format_holds(record, form)
    else:
        assert findings.listed
        assert all(finding.detail and finding.remedy for finding in findings.listed)


@pytest.mark.parametrize("output", LINE_OUTPUTS)
@given(question=TEXTS, answer=TEXTS)
def test_a_question_and_an_answer_of_real_text_are_accepted_in_every_format(
    output: str, question: str, answer: str
) -> None:
    form, write = LINE_OUTPUTS[output]
    record = Record((Message("user", f"q{question}"), Message("assistant", f"a{answer}")), record_id="1")
    whole = not any("\ud800" <= character <= "\udfff" for character in question + answer)
    assert check_lines([write(record)], form).accepted == whole


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "role", "content", "text", "system", "prompt", "completion", "input"]), inner
        )
    ),
    max_leaves=12,
)


LINES = st.lists(st.binary(max_size=30) | JSON.map(lambda value: json.dumps(value).encode()), max_size=4)


@given(form=st.sampled_from(Format), model=st.none() | st.sampled_from(MODELS), lines=LINES)
def test_any_lines_are_judged_without_fail_and_each_is_accepted_or_counted(
    form: Format, model: str | None, lines: list[bytes]
) -> None:
    findings = check_lines(lines, form, model)
    assert findings.lines == len(lines)
    refusals = {finding.line for finding in findings.listed if not finding.reason.warns}
    assert findings.accepted == len(lines) - len(refusals)
    assert json.loads(json.dumps(verdict(findings))) == verdict(findings)


@given(st.lists(st.binary(max_size=8).filter(lambda line: b"\n" not in line), max_size=6), st.booleans())
def test_lines_are_what_stands_between_line_feeds(lines: list[bytes], ended: bool) -> None:
    content = b"".join(line + b"\n" for line in lines)
    expected = [line + b"\n" for line in lines]
    if not ended and lines:
        content = content[:-1]
        expected = [*expected[:-1], *([lines[-1]] if lines[-1] else [])]
    assert list(read_lines(io.BytesIO(content))) == expected
