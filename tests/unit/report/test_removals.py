"""Where one reason took most of the records, terminal and report say so, with an example and what governs it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from rich.console import Console

from cdk_app.settings import Settings
from cli.figures import show_figures
from pipelines.preparation.records import Reason
from twin.report.page import render
from twin.report.removals import SETTINGS, in_a_line, removals

SOURCE = {"key": "raw/tickets/tickets.jsonl", "line": 12}
PAIR = {
    "size": 70,
    "representative": {"text": "The payment for order 17 has failed", "source": {**SOURCE, "line": 3}},
    "members": [{"text": "The payment for order 18\nhas failed", "source": SOURCE, "similarity": 0.724, "marks": []}],
}
NEAR = (
    '60 of 100 records were removed as near_duplicate, such as "The payment for order 18 has failed" (line 12 of '
    'tickets.jsonl), 72 % alike with "The payment for order 17 has failed" (line 3 of tickets.jsonl). '
    "data.near_duplicates governs this (similarity 0.7, shingle_words 5): raise similarity, or keep them all with "
    "action: keep."
)


def manifest(**rejected: int) -> dict[str, Any]:
    near = {"action": "drop", "similarity": 0.7, "shingle_words": 5}
    examples = {reason: [{"source": SOURCE, "detail": "4 words, at least 5", "bytes": 40}] for reason in rejected}
    return {
        "input": 100,
        "kept": 100 - sum(rejected.values()),
        "rejected": rejected,
        "settings": {"data": {"near_duplicates": near}},
        "profile": {"clusters": {"largest": [PAIR]}, "rejected": examples},
    }


def lines(**rejected: int) -> list[str]:
    return [in_a_line(removal) for removal in removals(manifest(**rejected))]


def test_most_records_as_near_duplicates_are_told_with_a_pair_and_the_setting() -> None:
    assert lines(near_duplicate=60) == [NEAR]


@pytest.mark.parametrize(
    ("reason", "governs"),
    [
        ("too_short", "data.filters.min_words governs this."),
        ("c4_curly_bracket", "data.quality governs this."),
        ("not_json", "No setting governs this: look at the files."),
    ],
)
def test_another_reason_is_told_with_a_record_and_what_governs_it(reason: str, governs: str) -> None:
    assert lines(**{reason: 51}) == [
        f"51 of 100 records were removed as {reason}, such as line 12 of tickets.jsonl: 4 words, at least 5. {governs}"
    ]


def test_half_of_the_records_are_not_most_of_them() -> None:
    assert lines(near_duplicate=50, too_short=50) == []


def test_what_has_no_example_is_told_without() -> None:
    found = manifest(near_duplicate=60)
    found["profile"] = {"clusters": {"largest": []}, "rejected": {}}
    assert in_a_line(removals(found)[0]).startswith("60 of 100 records were removed as near_duplicate. data.near")


def test_a_long_text_is_cut() -> None:
    found = manifest(near_duplicate=60)
    found["profile"]["clusters"]["largest"] = [PAIR | {"representative": {"text": "word " * 60, "source": SOURCE}}]
    assert f'alike with "{"word " * 15}word…"' in in_a_line(removals(found)[0])


def test_each_setting_that_governs_a_reason_is_one_and_each_reason_too() -> None:
    assert SETTINGS.keys() <= {reason.value for reason in Reason}
    for setting in SETTINGS.values():
        section: Any = Settings
        for name in setting.split("."):
            field = section.model_fields[name]
            section = field.annotation


def test_the_terminal_and_the_page_say_it(whole: dict[str, Any]) -> None:
    report = whole | {"data": whole["data"] | {"removals": removals(manifest(near_duplicate=60))}}
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        show_figures(report, console)

    assert NEAR in capture.get()
    assert NEAR in unescape(render(report))
    assert "were removed as" not in render(whole)
