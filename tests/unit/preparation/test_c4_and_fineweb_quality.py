"""C4's and FineWeb's rules: what passes at the published threshold, and what fails just beyond it."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings.quality import Thresholds as DeclaredThresholds
from pipelines.preparation.quality import check_text
from pipelines.preparation.records import Reason
from pipelines.preparation.thresholds import Quality, Thresholds
from tests.unit.preparation.prose import lines, verdict, words

PAGE = Path(__file__).parents[3] / "docs" / "data_preparation.md"
FAMILIES = ("gopher", "c4", "fineweb")
LONG = " ".join(words(8))


@pytest.mark.parametrize("family", FAMILIES)
def test_ordinary_prose_passes(family: str) -> None:
    assert verdict(family, "\n".join(lines(10))) is None


def test_every_family_is_off_by_default() -> None:
    check_text("{ lorem ipsum", Quality())


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (
            "\n".join([*lines(3), "Lorem Ipsum dolor"]),
            Reason.C4_LOREM_IPSUM,
            "the text has 'lorem ipsum'; set data.quality.c4 to false to allow it",
        ),
        (
            "\n".join([*lines(3), "a {"]),
            Reason.C4_CURLY_BRACKET,
            "the text has '{'; set data.quality.c4 to false to allow it",
        ),
        (
            "\n".join(lines(2)),
            Reason.C4_FEW_SENTENCES,
            "2 sentences in the 2 of 2 lines that C4 would keep; data.quality.thresholds.c4_min_sentences is 3",
        ),
    ],
)
def test_each_rule_of_c4_refuses_with_its_reason(text: str, reason: Reason, detail: str) -> None:
    assert verdict("c4", text) == (reason, detail)


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        ("This line has five words.", "This has four words."),
        ('He called it "quite all right"', "He called it quite all right"),
        ("This line ends as it should!", "This line ends as it should..."),
        ("This line has one long " + "w" * 999 + ".", "This line has one long " + "w" * 1000 + "."),
        ("This page is made with typescript.", "This page is made with JavaScript."),
        ("We have our own policy here.", "We have a Privacy Policy here."),
    ],
)
def test_a_line_that_c4_would_drop_does_not_count(kept: str, dropped: str) -> None:
    assert verdict("c4", "\n".join([*lines(2), kept])) is None
    refused = verdict("c4", "\n".join([*lines(2), dropped]))
    assert refused is not None
    assert refused[1].startswith("2 sentences in the 2 of 3 lines")


def test_sentences_are_counted_within_a_line() -> None:
    assert verdict("c4", 'One is here. (Two is there?) And "three as well."') is None
    assert verdict("c4", "Version 1.2.3 has one sentence. And here is another.") is not None


@pytest.mark.parametrize(
    ("passes", "fails", "reason", "detail"),
    [
        (
            [f"{LONG} x{place}" + "." * (place < 13) for place in range(100)],
            [f"{LONG} x{place}" + "." * (place < 12) for place in range(100)],
            Reason.FINEWEB_PUNCTUATION,
            "0.120 of the lines end in punctuation; {}fineweb_punctuated_lines is 0.12",
        ),
        (
            [f"{place:02} bb cc dd ee ff gg hh ii jj{'j' * (place >= 66)}." for place in range(100)],
            [f"{place:02} bb cc dd ee ff gg hh ii jj{'j' * (place >= 67)}." for place in range(100)],
            Reason.FINEWEB_SHORT_LINES,
            "0.670 of the lines have at most 30 characters; {}fineweb_short_lines is 0.67",
        ),
        (
            [f"{place % 100:02} {LONG}." for place in range(101)],
            [f"{place % 99:02} {LONG}." for place in range(100)],
            Reason.FINEWEB_DUPLICATE_LINES,
            "0.010 of the characters are in lines that stand further up already; "
            "{}fineweb_duplicate_line_characters is 0.01",
        ),
        (
            [f"{place:029} b c." for place in range(10)],
            [*(f"{place:029} b c." for place in range(10)), f"{11:040}."],
            Reason.FINEWEB_LINE_BREAKS,
            "0.323 line breaks a word; {}fineweb_max_line_breaks_per_word is 0.3",
        ),
    ],
)
def test_each_rule_of_fineweb_refuses_what_reaches_its_threshold(
    passes: list[str], fails: list[str], reason: Reason, detail: str
) -> None:
    assert verdict("fineweb", "\n\n".join(passes)) is None
    assert verdict("fineweb", "\n".join(fails)) == (reason, detail.format("data.quality.thresholds."))


PIECES = ["the ", "of ", "Word ", "word. ", "1 ", "# ", "... ", "{ ", "- ", "\n", "\n\n", "use cookies. ", *lines(3)]


@given(
    text=st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    space=st.text(" \t\n\r\u00a0", max_size=4),
    family=st.sampled_from(FAMILIES),
)
def test_a_verdict_does_not_depend_on_white_space_around_the_text(text: str, space: str, family: str) -> None:
    thresholds = {"gopher_min_words": 3, "c4_min_sentences": 1}
    assert verdict(family, text, thresholds) == verdict(family, f"{space}{text}{space}", thresholds)


def test_the_defaults_that_users_see_are_those_of_the_job() -> None:
    declared = {name: field.default for name, field in DeclaredThresholds.model_fields.items()}
    assert declared == {field.name: field.default for field in fields(Thresholds)}


def test_only_thresholds_that_differ_are_handed_to_a_run() -> None:
    assert DeclaredThresholds(gopher_min_words=20, c4_min_sentences=3).model_dump() == {"gopher_min_words": 20}


def test_a_threshold_that_the_job_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r"names that this job does not know: gopher_min_word\. It knows c4_max"):
        Quality.from_settings(dict.fromkeys(FAMILIES, True) | {"thresholds": {"gopher_min_word": 3}})


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.value.startswith(FAMILIES)])
def test_every_reason_is_explained_in_the_documentation(reason: Reason) -> None:
    assert f"`{reason.value}`" in PAGE.read_text(encoding="utf-8")
