"""What is wrong with a line, whatever the model: each reason by example."""

import json
from typing import Any

import pytest

from pipelines.formats.check import check_lines
from pipelines.formats.json_lines import MAX_LINE_BYTES
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format

ASK, REPLY = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
ASK_BLOCK, REPLY_BLOCK = {"role": "user", "content": [{"text": "a"}]}, {"role": "assistant", "content": [{"text": "b"}]}
GOOD: dict[Format, dict[str, Any]] = {
    Format.CHAT: {"record_id": "1", "messages": [ASK, REPLY]},
    Format.MESSAGES: {"system": "s", "messages": [ASK, REPLY]},
    Format.CONVERSATION: {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "s"}],
        "messages": [ASK_BLOCK, REPLY_BLOCK],
    },
    Format.PROMPT_COMPLETION: {"prompt": "a", "completion": "b"},
    Format.PRE_TRAINING: {"input": "a"},
}


def reasons(document: Any, form: Format) -> dict[str, str]:
    findings = check_lines([json.dumps(document)], form)
    return {finding.reason.value: finding.detail for finding in findings.listed}


def raw_reasons(line: bytes) -> list[str]:
    return [finding.reason.value for finding in check_lines([line], Format.PRE_TRAINING).listed]


@pytest.mark.parametrize("form", GOOD)
def test_a_line_as_it_should_be_has_no_findings(form: Format) -> None:
    findings = check_lines([json.dumps(GOOD[form]) + end for end in ("", "\n", "\r\n")], form)
    assert (findings.lines, findings.accepted, findings.listed, findings.refused) == (3, 3, [], False)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"input": "caf\xe9"}', "not_utf8"),
        ('{"input": "a"}'.encode("utf-16-le"), "not_utf8"),
        (b'\xef\xbb\xbf{"input": "a"}', "byte_order_mark"),
        (b"", "blank_line"),
        (b" \t\r\n", "blank_line"),
        (b'{"input": "' + b"a" * MAX_LINE_BYTES + b'"}', "oversized_line"),
        (b'{"input": "a"', "not_json"),
        (b'{"input": NaN}', "not_json"),
        (b'{"input": ' + b"1" * 5000 + b"}", "not_json"),
        (b'{"input": ' + b"[" * 100_000, "not_json"),
        (b'{"input": "a"} {"input": "b"}', "not_json"),
        (b'["a"]', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"input": "a", "input": "b"}', "duplicate_key"),
        (b'{"input": "a\\ud800b"}', "unpaired_surrogate"),
    ],
)
def test_a_line_that_no_reader_reads_is_refused_by_what_is_wrong_with_it(line: bytes, reason: str) -> None:
    assert raw_reasons(line) == [reason]


def test_a_line_of_the_most_bytes_and_a_pair_of_surrogates_are_read() -> None:
    line = b'{"input": "' + b"a" * (MAX_LINE_BYTES - len(b'{"input": ""}')) + b'"}\r\n'
    assert raw_reasons(line) == []
    assert raw_reasons(b'{"input": "\\ud83d\\ude00"}') == []


def test_a_key_that_is_there_twice_is_found_at_any_depth() -> None:
    line = b'{"record_id": "1", "messages": [{"role": "user", "role": "user", "content": "a"}]}'
    assert check_lines([line], Format.CHAT).counts == {Reason.DUPLICATE_KEY: 1}


@pytest.mark.parametrize(
    ("form", "change", "reason", "words"),
    [
        (Format.CHAT, {"record_id": 7}, "wrong_type", "record_id is number"),
        (Format.CHAT, {"record_id": " "}, "empty_text", "record_id is blank"),
        (Format.CHAT, {"messages": "a"}, "wrong_type", "messages is string"),
        (Format.CHAT, {"messages": []}, "empty_text", "messages is empty"),
        (Format.CHAT, {"messages": ["a", REPLY]}, "wrong_type", "messages[0] is string"),
        (Format.CHAT, {"messages": [{"role": "user"}, REPLY]}, "missing_key", "no messages[0].content"),
        (Format.CHAT, {"messages": [{"content": "a"}, REPLY]}, "missing_key", "messages[0] has no role"),
        (Format.CHAT, {"messages": [{"role": "user", "content": None}, REPLY]}, "wrong_type", "content is null"),
        (Format.CHAT, {"messages": [ASK_BLOCK, REPLY]}, "wrong_type", "content is array"),
        (Format.CHAT, {"messages": [ASK, {"role": "assistant", "content": "\n"}]}, "empty_text", "messages[1].content"),
        (Format.CHAT, {"messages": [{"role": "human", "content": "a"}, REPLY]}, "unknown_role", "'human'"),
        (Format.CHAT, {"messages": [ASK, {"role": "system", "content": "s"}]}, "unknown_role", "'system'"),
        (Format.CHAT, {"messages": [REPLY, ASK]}, "role_order", "messages[0] is the assistant's"),
        (Format.CHAT, {"messages": [ASK, ASK]}, "role_order", "messages[1] is the user's"),
        (Format.CHAT, {"messages": [ASK]}, "role_order", "the last message is the user's"),
        (Format.CHAT, {"messages": [{"role": "system", "content": "s"}]}, "role_order", "nothing follows"),
        (Format.CHAT, {"messages": [{"role": "system", "content": "s"}, ASK]}, "role_order", "the last message"),
        (Format.CHAT, {"messages": [{"role": "system", "content": "s"}, REPLY]}, "role_order", "messages[1] is"),
        (Format.CHAT, {"messages": [{"role": "system", "content": " "}, ASK, REPLY]}, "empty_text", "messages[0]"),
        (Format.MESSAGES, {"record_id": "1"}, "forbidden_key", '"record_id"'),
        (Format.MESSAGES, {"messages": [{**ASK, "name": "x"}, REPLY]}, "forbidden_key", 'messages[0] has "name"'),
        (Format.MESSAGES, {"system": [{"text": "s"}]}, "wrong_type", "system is array"),
        (Format.MESSAGES, {"messages": [{"role": "system", "content": "s"}, ASK, REPLY]}, "unknown_role", "'system'"),
        (Format.CONVERSATION, {"system": "s"}, "wrong_type", "system is string"),
        (Format.CONVERSATION, {"system": [{"text": ""}]}, "empty_text", "system[0].text"),
        (Format.CONVERSATION, {"messages": [ASK, REPLY_BLOCK]}, "wrong_type", "messages[0].content is string"),
        (
            Format.CONVERSATION,
            {"messages": [{"role": "user", "content": [{"image": {}}]}, REPLY_BLOCK]},
            "not_text",
            'content[0] has "image"',
        ),
        (
            Format.CONVERSATION,
            {"messages": [{"role": "user", "content": []}, REPLY_BLOCK]},
            "empty_text",
            "messages[0].content is empty",
        ),
        (Format.CONVERSATION, {"schemaVersion": "2023"}, "schema_version", "'2023'"),
        (Format.CONVERSATION, {"record_id": "1"}, "unknown_key", '"record_id"'),
        (Format.PROMPT_COMPLETION, {"prompt": ["a"]}, "wrong_type", "prompt is array"),
        (Format.PROMPT_COMPLETION, {"completion": ""}, "empty_text", "completion is blank"),
        (Format.PROMPT_COMPLETION, {"id": 1}, "unknown_key", '"id"'),
        (Format.PRE_TRAINING, {"id": 1}, "forbidden_key", '"id"'),
        (Format.PRE_TRAINING, {"input": True}, "wrong_type", "input is boolean"),
    ],
)
def test_a_record_of_another_form_is_named_by_reason_and_place(
    form: Format, change: dict[str, Any], reason: str, words: str
) -> None:
    found = reasons(GOOD[form] | change, form)
    assert list(found) == [reason]
    assert words in found[reason]


@pytest.mark.parametrize(
    ("form", "key"),
    [(form, key) for form, document in GOOD.items() for key in document if key not in ("system", "schemaVersion")],
)
def test_a_key_that_is_missing_is_named(form: Format, key: str) -> None:
    document = {name: value for name, value in GOOD[form].items() if name != key}
    assert reasons(document, form) == {"missing_key": f"no {key}"}


@pytest.mark.parametrize("form", [Format.MESSAGES, Format.CONVERSATION])
def test_a_system_prompt_may_be_left_out(form: Format) -> None:
    assert reasons({name: value for name, value in GOOD[form].items() if name != "system"}, form) == {}


def test_a_chat_may_begin_with_a_system_message() -> None:
    system = {"role": "system", "content": "s"}
    assert reasons({"record_id": "1", "messages": [system, ASK, REPLY]}, Format.CHAT) == {}


def test_everything_that_is_wrong_with_a_record_is_found_at_once() -> None:
    document = {"messages": [{"role": "user", "content": ""}, {"role": "bot", "content": "b"}]}
    assert set(reasons(document, Format.CHAT)) == {"missing_key", "empty_text", "unknown_role"}


def test_what_a_service_may_overlook_is_a_warning_and_no_refusal() -> None:
    findings = check_lines([json.dumps({"prompt": "a", "completion": "b", "id": 1})], Format.PROMPT_COMPLETION)
    assert (findings.refused, findings.accepted) == (False, 1)
    assert findings.counts == {Reason.UNKNOWN_KEY: 1}


def test_names_in_a_detail_hold_no_character_that_moves_a_terminal() -> None:
    (detail,) = reasons({"input": "a", "\x1b[31m\t": 1}, Format.PRE_TRAINING).values()
    assert detail == 'the record has "\\u001b[31m\\t"'


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_to_do(reason: Reason) -> None:
    assert reason.remedy.endswith(".")
