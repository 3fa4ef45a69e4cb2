"""Preference pairs on their way from a raw line to a curated one: both answers see every stage."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.check import check_lines
from pipelines.formats.outputs import LINE_OUTPUTS
from pipelines.formats.records import Format
from pipelines.preparation.curation import Tally, curate
from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.formats import read_curated_line, record_of
from pipelines.preparation.outputs import chat_to_parquet
from pipelines.preparation.parsing import parse
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.records import Candidate, Example, Line, Quarantined, Reason, Rejected
from pipelines.preparation.settings import Columns, Settings
from tests.unit.preparation.conftest import SETTINGS

Prepare = Callable[..., tuple[Written, Destination]]

NAMED = Columns(text="prompt", target="chosen", rejected="rejected")
IMPLICIT = Columns(messages="chosen", rejected="rejected")
ASKED = {"role": "user", "content": "Which colour is the sky on a day without clouds?"}
BLUE = {"role": "assistant", "content": "It is blue."}
GREEN = {"role": "assistant", "content": "It is green."}


def line(document: dict[str, Any]) -> Line:
    content = json.dumps(document).encode()
    return Line("data/a.jsonl", 3, content, len(content))


def parsed(document: dict[str, Any], columns: Columns) -> Example:
    return parse(line(document), columns, 10_000)


def of_pairs(**changes: Any) -> Settings:
    document = json.loads(json.dumps(SETTINGS))
    document["task"]["kind"] = "generation"
    document["data"]["columns"] = {"text": "prompt", "target": "chosen", "messages": None, "rejected": "rejected"}
    document["data"] |= changes
    return Settings.from_json(json.dumps(document))


def curated(document: dict[str, Any], settings: Settings) -> Candidate | Quarantined:
    return curate(line(document), settings, Tally())


def test_texts_are_a_question_and_two_answers() -> None:
    document = {"prompt": "What is it?", "chosen": "This.", "rejected": "That."}
    assert parsed(document, NAMED) == Example("What is it?", "This.", rejected="That.")


@pytest.mark.parametrize(
    ("document", "columns"),
    [
        ({"prompt": [ASKED], "chosen": [BLUE], "rejected": [GREEN]}, NAMED),
        ({"prompt": [ASKED], "chosen": BLUE["content"], "rejected": GREEN["content"]}, NAMED),
        ({"prompt": ASKED["content"], "chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, NAMED),
        ({"prompt": ASKED["content"], "chosen": [BLUE], "rejected": [GREEN]}, NAMED),
        ({"chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, IMPLICIT),
        ({"chosen": [ASKED, BLUE], "rejected": [GREEN]}, IMPLICIT),
        ({"chosen": [ASKED, BLUE], "rejected": GREEN["content"]}, IMPLICIT),
        ({"prompt": None, "chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, NAMED),
        ({"prompt": " ", "chosen": [ASKED, BLUE], "rejected": GREEN["content"]}, NAMED),
        ({"prompt": f"<p>{ASKED['content']}</p>", "chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, NAMED),
    ],
)
def test_turns_are_read_as_data_sets_spell_them(document: dict[str, Any], columns: Columns) -> None:
    example = parsed(document, columns)
    assert [turn.content for turn in example.turns] == [ASKED["content"], BLUE["content"]]
    assert (example.text, example.target) == (ASKED["content"], BLUE["content"])
    assert example.rejected == GREEN["content"]


@pytest.mark.parametrize(
    ("document", "columns", "reason"),
    [
        ({"prompt": "a", "chosen": "b"}, NAMED, Reason.MISSING_COLUMN),
        ({"prompt": "a", "chosen": "b", "rejected": " "}, NAMED, Reason.EMPTY),
        ({"prompt": "a", "chosen": "b", "rejected": 3}, NAMED, Reason.WRONG_TYPE),
        ({"prompt": 3, "chosen": "b", "rejected": "c"}, NAMED, Reason.WRONG_TYPE),
        ({"prompt": "a", "chosen": [BLUE], "rejected": [ASKED]}, NAMED, Reason.INVALID_CONVERSATION),
        ({"chosen": [BLUE], "rejected": [GREEN]}, IMPLICIT, Reason.INVALID_CONVERSATION),
        ({"chosen": "Human: a", "rejected": "Human: b"}, IMPLICIT, Reason.INVALID_CONVERSATION),
        (
            {"chosen": [ASKED, BLUE], "rejected": [{"role": "user", "content": "And the sea?"}, GREEN]},
            IMPLICIT,
            Reason.DIFFERENT_PROMPTS,
        ),
    ],
)
def test_what_is_no_pair_has_a_reason(document: dict[str, Any], columns: Columns, reason: Reason) -> None:
    with pytest.raises(Rejected) as refused:
        parsed(document, columns)
    assert refused.value.reason == reason


SYSTEM = {"role": "system", "content": "Be brief."}


def test_a_system_turn_that_only_the_prompt_has_is_put_before_the_answers() -> None:
    example = parsed({"prompt": [SYSTEM, ASKED], "chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, NAMED)
    assert [turn.role for turn in example.turns] == ["system", "user", "assistant"]
    assert example.rejected == GREEN["content"]


def test_several_turns_that_begin_with_the_assistant_s_are_put_behind_the_prompt() -> None:
    document = {"prompt": ASKED["content"], "chosen": [BLUE, ASKED, BLUE], "rejected": [BLUE, ASKED, GREEN]}
    example = parsed(document, NAMED)
    assert [turn.role for turn in example.turns] == ["user", "assistant"] * 2
    assert example.rejected == GREEN["content"]


def test_answers_to_another_question_than_the_prompt_s_are_refused() -> None:
    with pytest.raises(Rejected, match="do not begin with what 'prompt' says"):
        parsed({"prompt": "And the sea?", "chosen": [ASKED, BLUE], "rejected": [ASKED, GREEN]}, NAMED)


@pytest.mark.parametrize("before", [[], [SYSTEM]])
def test_a_prompt_in_turns_that_begins_as_the_instruction_does_is_read_back_in_turns(before: list[Any]) -> None:
    settings = of_pairs()
    asked = {"role": "user", "content": f"{settings.instruction}\n\n{ASKED['content']}"}
    prompt = [*before, asked]
    found = curated({"prompt": prompt, "chosen": "It is blue.", "rejected": "It is green."}, settings)
    assert isinstance(found, Candidate)
    written = LINE_OUTPUTS["chat"].write(record_of(found, settings.instruction))
    assert read_curated_line(written.encode(), found.split, settings).example == found.example


PROMPT = "Which person answers the questions about an account in this <b>company</b>?"


def test_both_answers_are_cleaned_and_redacted() -> None:
    document = {
        "prompt": PROMPT,
        "chosen": "Write to <i>jane@example.com</i> about it.",
        "rejected": "<p>Perhaps ask joe@example.com&nbsp;or so</p>",
    }
    found = curated(document, of_pairs())
    assert isinstance(found, Candidate)
    assert found.example.target == "Write to [EMAIL] about it."
    assert found.example.rejected == "Perhaps ask [EMAIL] or so"
    assert found.redacted == {"email": 2}


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason", "stage"),
    [
        ("Write to the desk.", "<p>Write  to the desk.</p>", Reason.SAME_ANSWERS, "filter"),
        ("Write to jane@example.com now.", "Write to joe@example.com now.", Reason.SAME_ANSWERS, "personal_data"),
        ("Write to the desk.", "<p></p>", Reason.EMPTY, "clean"),
        ("Write", "Write to the desk.", Reason.TARGET_TOO_SHORT, "filter"),
    ],
)
def test_pairs_of_which_nothing_can_be_learned_go_to_quarantine(
    chosen: str, rejected: str, reason: Reason, stage: str
) -> None:
    tally = Tally()
    found = curate(line({"prompt": PROMPT, "chosen": chosen, "rejected": rejected}), of_pairs(), tally)
    assert isinstance(found, Quarantined)
    assert found.reason == reason
    assert tally.stages[stage].rejected == {reason.value: 1}


def test_a_rejected_answer_may_be_as_bad_as_it_likes() -> None:
    found = curated({"prompt": PROMPT, "chosen": "Write to the desk.", "rejected": "No"}, of_pairs())
    assert isinstance(found, Candidate)
    assert found.example.rejected == "No"


WORDS = st.lists(st.sampled_from(["blue", "green", "sky", "sea", "it", "is"]), min_size=2, max_size=9).map(" ".join)


@given(WORDS, WORDS, WORDS, st.booleans())
def test_a_curated_pair_is_read_back_as_it_was(prompt: str, chosen: str, rejected: str, in_turns: bool) -> None:
    settings = of_pairs()
    asked: Any = f"{prompt} on a day without any clouds"
    if in_turns:
        asked = [{"role": "user", "content": asked}]
    found = curated({"prompt": asked, "chosen": chosen, "rejected": rejected}, settings)
    if isinstance(found, Quarantined):
        assert chosen == rejected
        return
    written = LINE_OUTPUTS["chat"].write(record_of(found, settings.instruction))
    document = json.loads(written)
    assert (document["messages"][-1]["content"], document["rejected"]) == (chosen, rejected)
    assert check_lines([written], Format.CHAT).accepted == 1
    again = read_curated_line(written.encode(), found.split, settings)
    assert again.example == found.example
    assert LINE_OUTPUTS["chat"].write(record_of(again, settings.instruction)) == written


def test_other_formats_and_tables_have_a_place_for_the_pair(tmp_path: Any) -> None:
    settings = of_pairs()
    found = curated({"prompt": PROMPT, "chosen": "Write to the desk.", "rejected": "No"}, settings)
    assert isinstance(found, Candidate)
    record = record_of(found, settings.instruction)
    assert json.loads(LINE_OUTPUTS["bedrock-prompt-completion"].write(record))["completion"] == "Write to the desk."
    import pyarrow.parquet as pq

    with (tmp_path / "part.parquet").open("wb") as file:
        chat_to_parquet([LINE_OUTPUTS["chat"].write(record).encode()], file)
    assert pq.read_table(tmp_path / "part.parquet").column("rejected").to_pylist() == ["No"]


def test_no_rejected_answer_is_as_good_as_none_at_all() -> None:
    line = json.dumps({"record_id": "a", "messages": [ASKED, BLUE], "rejected": None})
    assert check_lines([line], Format.CHAT).accepted == 1


@pytest.mark.parametrize("rejected", ['""', "3", '"\\ud800"'])
def test_a_rejected_answer_that_is_none_is_found_by_the_check(rejected: str) -> None:
    pair = f'{{"record_id": "a", "messages": [{json.dumps(ASKED)}, {json.dumps(BLUE)}], "rejected": {rejected}}}'
    assert check_lines([pair], Format.CHAT).accepted == 0


def test_a_run_over_pairs_writes_them_and_counts_them(prepare: Prepare) -> None:
    words = ["sky", "sea", "lake", "river", "hill", "wood", "road", "town", "house", "door"]
    raw = b"".join(
        json.dumps(
            {
                "prompt": f"Say what the {words[n % 10]} number {n} of {words[n // 10 % 10]} {n * n} is like, and why.",
                "chosen": f"It is {n}.",
                "rejected": f"It is {n if n % 10 == 0 else n + 1}.",
            }
        ).encode()
        + b"\n"
        for n in range(40)
    )
    written, destination = prepare({"data/a.jsonl": raw}, settings=of_pairs())
    assert written.rejected == {"same_answers": 4}
    lines = [
        json.loads(text)
        for key in (f"{destination.prefix}{split}" for split in ("train", "validation", "test"))
        for stored in destination.curated.objects(key)
        for text in destination.curated.read(stored.key).splitlines()
    ]
    assert len(lines) == 36
    assert all(each["rejected"] != each["messages"][-1]["content"] for each in lines)


def test_a_rejected_answer_needs_a_chosen_one() -> None:
    with pytest.raises(InvalidArguments, match=r"data\.columns\.rejected has no target or messages"):
        of_pairs(columns={"text": "prompt", "target": None, "messages": None, "rejected": "rejected"})
