"""The stages over one record, and their counts."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.chat import chat_line
from pipelines.preparation.curation import STAGES, Tally, curate
from pipelines.preparation.formats import record_of
from pipelines.preparation.records import Candidate, Line, Quarantined
from pipelines.preparation.settings import Settings


def line_of(record: object, number: int = 1) -> Line:
    content = json.dumps(record).encode()
    return Line("d/a.jsonl", number, content, len(content))


def test_a_record_becomes_a_chat_example_with_its_source(settings: Settings) -> None:
    record = {"documentation": "<p>Writes&nbsp;to jane@example.com, and waits.</p>", "summary": "Sends <i>mail</i>."}
    row = curate(line_of(record, 7), settings, Tally())
    assert isinstance(row, Candidate)
    assert json.loads(chat_line(record_of(row, settings.instruction))) == {
        "record_id": row.digest,
        "messages": [
            {"role": "user", "content": "Summarize.\n\nWrites to [EMAIL], and waits."},
            {"role": "assistant", "content": "Sends mail."},
        ],
        "source": {"key": "d/a.jsonl", "line": 7},
        "redacted": {"email": 1},
    }
    assert row.redacted == {"email": 1}


def test_a_record_of_markup_alone_is_empty(settings: Settings) -> None:
    row = curate(line_of({"documentation": "<p> \u200b</p>", "summary": "S"}), settings, Tally())
    assert isinstance(row, Quarantined)
    assert json.loads(row.quarantine)["detail"] == "the text has only markup or white space"


def test_a_copied_target_counts_against_summaries_only(settings: Settings) -> None:
    record = {"documentation": "The answer to the question is forty two.", "summary": "Forty two"}
    row = curate(line_of(record), settings, Tally())
    assert isinstance(row, Quarantined)
    assert row.reason == "target_copied_from_text"
    assert isinstance(curate(line_of(record), replace(settings, kind="generation"), Tally()), Candidate)


def test_rejections_are_counted_at_their_stage(settings: Settings) -> None:
    tally = Tally()
    for record in (3, {"documentation": "too short", "summary": "two words"}, {"documentation": "<p>", "summary": "s"}):
        curate(line_of(record), settings, tally)
    assert {name: (stage.input, stage.kept, dict(stage.rejected)) for name, stage in tally.stages.items()} == {
        "parse": (3, 2, {"not_an_object": 1}),
        "clean": (2, 1, {"empty": 1}),
        "language": (1, 1, {}),
        "filter": (1, 0, {"too_short": 1}),
    }


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=3)
RECORDS = st.dictionaries(st.sampled_from(["documentation", "summary", "x"]), JSON | st.text(min_size=30), max_size=3)
LINES = st.one_of(st.binary(max_size=60), RECORDS.map(lambda record: json.dumps(record).encode()))


@given(st.lists(LINES, max_size=8))
def test_every_line_is_kept_or_explained_whatever_its_bytes(settings: Settings, contents: list[bytes]) -> None:
    tally = Tally()
    rows = [
        curate(Line("a.jsonl", number, content, len(content)), settings, tally)
        for number, content in enumerate(contents, 1)
    ]
    kept = [row for row in rows if isinstance(row, Candidate)]
    rejected = [json.loads(row.quarantine) for row in rows if isinstance(row, Quarantined)]
    assert len(kept) + len(rejected) == len(contents)
    assert all(record["reason"] and record["detail"] and record["source"]["line"] for record in rejected)
    stages = [tally.stages[name] for name in STAGES if name in tally.stages]
    assert all(stage.input == stage.kept + stage.rejected.total() for stage in stages)
    assert sum(stage.rejected.total() for stage in stages) == len(rejected)
    lines = [chat_line(record_of(row, settings.instruction)) for row in kept]
    assert all(line.encode() and "\n" not in line for line in lines)
