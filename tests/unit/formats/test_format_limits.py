"""The limits of each model: just inside and just outside, for every row of the table."""

import pytest

from pipelines.formats import limits
from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.check import check_lines, check_name, check_set
from pipelines.formats.findings import Findings
from pipelines.formats.limits import LIMITS, Limits
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format, Message, Record

WRITERS = {
    Format.PROMPT_COMPLETION: prompt_completion_line,
    Format.CONVERSATION: conversation_line,
    Format.MESSAGES: messages_line,
    Format.PRE_TRAINING: pre_training_line,
}


def rows(field: str) -> list[object]:
    """Every row of the table that has a limit of this kind."""
    return [pytest.param(row, id=name(row)) for row in LIMITS if getattr(row, field)]


def name(row: Limits) -> str:
    return f"{row.key}, {row.method}"


def record(prompt: str, answer: str) -> Record:
    return Record((Message("user", prompt), Message("assistant", answer)), prompt + answer)


def found(row: Limits, prompt: str = "a", answer: str = "b") -> set[Reason]:
    line = WRITERS[row.format](record(prompt, answer))
    return set(check_lines([line], row.format, row.key).counts)


def of_the_whole(row: Limits, training: int = 500, validation: int | None = None) -> set[Reason]:
    def findings(records: int) -> Findings:
        return Findings(row.format, row.key, lines=records)

    held_out = None if validation is None else findings(validation)
    return {finding.reason for finding in check_set(findings(training), held_out)}


@pytest.mark.parametrize("row", rows("tokens"))
def test_a_record_of_the_most_tokens_fits_and_one_character_more_does_not(row: Limits) -> None:
    most = row.tokens * 6  # type: ignore[operator]
    assert Reason.TOO_LONG not in found(row, "p" * (most // 2), "a" * (most - most // 2))
    assert Reason.TOO_LONG in found(row, "p" * (most // 2), "a" * (most - most // 2 + 1))


@pytest.mark.parametrize("row", rows("tokens"))
def test_from_three_characters_a_token_on_a_record_may_be_too_long(row: Limits) -> None:
    most = row.tokens * 3  # type: ignore[operator]
    assert Reason.MAYBE_TOO_LONG not in found(row, "p" * (most - 1), "a")
    assert Reason.MAYBE_TOO_LONG in found(row, "p" * most, "a")
    assert Reason.MAYBE_TOO_LONG not in found(row, "p" * most * 2, "a"), "it is too long for certain"


def test_characters_are_counted_and_not_bytes() -> None:
    row = limits.limits_of("llama-3-1-8b-instruct", Format.PROMPT_COMPLETION)
    assert row is not None
    assert Reason.TOO_LONG not in found(row, "\U0001f600" * (16_000 * 6 - 1), "a")
    assert Reason.TOO_LONG in found(row, "\U0001f600" * 16_000 * 6, "a")


def test_the_system_prompt_counts_as_part_of_the_record() -> None:
    turns = (Message("user", "p" * 1000), Message("assistant", "a"))
    line = conversation_line(Record((Message("system", "s" * (16_000 * 6 - 1000)), *turns)))
    assert Reason.TOO_LONG in check_lines([line], Format.CONVERSATION, "llama-3-3-70b-instruct").counts


@pytest.mark.parametrize("row", rows("reserved"))
def test_every_reserved_word_is_refused_in_a_prompt_and_its_neighbour_is_not(row: Limits) -> None:
    for word in row.reserved:
        assert Reason.RESERVED_WORD in found(row, f"x {word} y")
        assert Reason.RESERVED_WORD in found(row, f"{word}y")
        assert Reason.RESERVED_WORD not in found(row, f"x {word[:-1]} y")


@pytest.mark.parametrize("row", rows("reserved"))
def test_a_reserved_word_in_an_answer_is_warned_of(row: Limits) -> None:
    reasons = found(row, answer=f"x {row.reserved[0]} y")
    assert reasons == {Reason.MAYBE_RESERVED_WORD}


def test_a_reserved_word_in_the_system_prompt_is_refused() -> None:
    messages = (Message("system", "System: be brief"), Message("user", "a"), Message("assistant", "b"))
    line = conversation_line(Record(messages))
    assert set(check_lines([line], Format.CONVERSATION, "nova-lite").counts) == {Reason.RESERVED_WORD}


@pytest.mark.parametrize("row", rows("maybe_reserved"))
def test_what_only_the_validator_refuses_is_a_warning(row: Limits) -> None:
    for word in set(row.maybe_reserved) - set(row.reserved):
        assert found(row, f"x {word} y") == {Reason.MAYBE_RESERVED_WORD}


@pytest.mark.parametrize("row", rows("maybe_reserved"))
def test_the_validator_refuses_a_word_in_any_case_and_the_service_in_the_documented_one(row: Limits) -> None:
    for word in row.maybe_reserved:
        for spelt in {word.lower(), word.upper(), word.swapcase()} - set(row.reserved):
            assert found(row, f"x {spelt} y") == {Reason.MAYBE_RESERVED_WORD}
            assert found(row, answer=f"x {spelt} y") == {Reason.MAYBE_RESERVED_WORD}


@pytest.mark.parametrize(("content", "shown"), [("an uSER: b", "'uSER:'"), ("İ, user: b", "'User:'")])
def test_a_word_in_another_case_is_shown_as_the_text_spells_it_where_that_can_be_told(content: str, shown: str) -> None:
    findings = check_lines([conversation_line(record(content, "b"))], Format.CONVERSATION, "nova-lite")
    assert [finding.detail for finding in findings.listed if finding.reason is Reason.MAYBE_RESERVED_WORD] == [
        f"{shown} in the prompt"
    ]


# ---- the whole ------------------------------------------------------------------------------------------------

SPLITS = ("training", "validation", "total")


def assert_bound(row: Limits, reason: Reason, within: dict[str, int], beyond: dict[str, int]) -> None:
    """So many records are taken, and one more or fewer is refused for this reason."""
    assert reason not in of_the_whole(row, **within)
    assert reason in of_the_whole(row, **beyond)


@pytest.mark.parametrize(
    "row",
    [row for row in LIMITS if any(getattr(row, name).least for name in SPLITS)],
    ids=name,
)
def test_the_least_records_are_enough_and_one_fewer_is_not(row: Limits) -> None:
    few = Reason.TOO_FEW_RECORDS
    if least := row.training.least:
        assert_bound(row, few, {"training": least}, {"training": least - 1})
    if least := row.validation.least:
        assert_bound(row, few, {"validation": least}, {"validation": least - 1})
    if least := row.total.least:
        assert_bound(row, few, {"training": least - 1, "validation": 1}, {"training": least - 1})


@pytest.mark.parametrize(
    "row",
    [row for row in LIMITS if any(getattr(row, name).most for name in SPLITS)],
    ids=name,
)
def test_the_most_records_are_taken_and_one_more_is_not(row: Limits) -> None:
    many = Reason.TOO_MANY_RECORDS
    if most := row.training.most:
        assert_bound(row, many, {"training": most}, {"training": most + 1})
    if most := row.validation.most:
        assert_bound(row, many, {"validation": most}, {"validation": most + 1})
    if most := row.total.most:
        held_out = {"validation": 32}
        assert_bound(row, many, {"training": most - 32, **held_out}, {"training": most - 31, **held_out})


@pytest.mark.parametrize("model", limits.MODELS)
def test_a_model_refuses_a_format_that_it_does_not_take(model: str) -> None:
    taken = {row.format for row in limits.rows_of(model)}
    for form in Format:
        reasons = {finding.reason for finding in check_set(Findings(form, model, lines=500))}
        assert (Reason.WRONG_FORMAT in reasons) is (form not in taken)


def test_validation_data_that_a_model_does_not_use_is_a_warning() -> None:
    row = limits.limits_of("nova-2-lite", Format.CONVERSATION)
    assert row is not None
    assert of_the_whole(row, validation=100) == {Reason.VALIDATION_UNUSED}
    assert of_the_whole(row) == set()


def test_no_records_are_too_few_for_anyone() -> None:
    empty = Findings(Format.CHAT)
    assert [finding.reason for finding in check_set(empty, empty)] == [Reason.NO_RECORDS, Reason.NO_RECORDS]


@pytest.mark.parametrize(
    ("name", "model", "reasons"),
    [
        ("train.jsonl", None, []),
        ("train-1_a.jsonl", "nova-lite", []),
        ("train 1.jsonl", "nova-lite", [Reason.FILE_NAME]),
        ("train 1.jsonl", "llama-3-3-70b-instruct", []),
        ("train.jsonl.gz", None, [Reason.COMPRESSED]),
    ],
)
def test_a_file_s_name_is_judged(name: str, model: str | None, reasons: list[Reason]) -> None:
    assert [finding.reason for finding in check_name(name, model)] == reasons


def test_a_model_that_is_not_known_is_an_error_that_names_those_that_are() -> None:
    with pytest.raises(ValueError, match="nova-micro"):
        check_lines([], Format.CHAT, "nova-mikro")


@pytest.mark.parametrize("row", LIMITS, ids=name)
def test_every_row_has_a_source_and_a_place_of_its_own(row: Limits) -> None:
    assert row.sources
    assert sum((other.key, other.format) == (row.key, row.format) for other in LIMITS) == 1
