"""Quality filters."""

from dataclasses import replace

import pytest

from pipelines.preparation.quality.pairs import broken_end, check_pair, symbol_ratio
from pipelines.preparation.records import Example, Reason, Rejected
from pipelines.preparation.settings import Settings
from pipelines.preparation.words import count_words

GOOD = Example("a text of nine words that says something useful", "two words")


def test_a_good_example_passes(settings: Settings) -> None:
    check_pair(GOOD, settings.filters, summary=True)


@pytest.mark.parametrize(
    ("example", "reason", "detail"),
    [
        (GOOD._replace(text="only four words here"), Reason.TOO_SHORT, "4 words; data.filters.min_words is 5"),
        (GOOD._replace(text="word " * 301), Reason.TOO_LONG, "301 words; data.filters.max_words is 300"),
        (GOOD._replace(target="one"), Reason.TARGET_TOO_SHORT, "1 words; data.filters.min_target_words is 2"),
        (GOOD._replace(target="word " * 51), Reason.TARGET_TOO_LONG, "51 words; data.filters.max_target_words is 50"),
        (
            GOOD._replace(text="a b c d e ======"),
            Reason.MOSTLY_SYMBOLS,
            "0.55 of the text are symbols; data.filters.max_symbol_ratio is 0.3",
        ),
        (
            GOOD._replace(target="a b ***"),
            Reason.MOSTLY_SYMBOLS,
            "0.60 of the target are symbols; data.filters.max_symbol_ratio is 0.3",
        ),
        (
            GOOD._replace(target="Words, that says: something!"),
            Reason.TARGET_COPIED_FROM_TEXT,
            "the target stands word for word in the text",
        ),
    ],
)
def test_each_rule_rejects_with_its_reason_and_figures(
    settings: Settings, example: Example, reason: Reason, detail: str
) -> None:
    with pytest.raises(Rejected) as rejected:
        check_pair(example, settings.filters, summary=True)
    assert (rejected.value.reason, rejected.value.detail) == (reason, detail)


def test_bounds_are_inclusive(settings: Settings) -> None:
    check_pair(Example("five words are just enough", "two words"), settings.filters, summary=True)
    check_pair(Example("word " * 300, "other " * 50), settings.filters, summary=True)


def test_a_target_may_stand_in_the_text_when_the_task_is_not_a_summary(settings: Settings) -> None:
    check_pair(GOOD._replace(target="something useful"), settings.filters, summary=False)


def test_part_of_a_word_is_no_copy(settings: Settings) -> None:
    check_pair(GOOD._replace(target="use some"), settings.filters, summary=True)
    check_pair(GOOD._replace(target="something use"), settings.filters, summary=True)


def test_a_target_that_breaks_off_is_refused_where_the_settings_say_so(settings: Settings) -> None:
    broken = GOOD._replace(target="Creates a bucket in the")
    check_pair(broken, settings.filters, summary=True)
    with pytest.raises(Rejected) as rejected:
        check_pair(broken, replace(settings.filters, complete_targets=True), summary=True)
    assert rejected.value.reason == Reason.TARGET_TRUNCATED
    assert rejected.value.detail == "the target breaks off: it ends in the word 'the'"


@pytest.mark.parametrize(
    ("target", "end"),
    [
        ("Creates a bucket and its", "the word 'its'"),
        ("Creates buckets, objects or", "the word 'or'"),
        ("Creates one of", "the word 'of'"),
        ("Creates the following:", "':'"),
        ("Creates a bucket,", "','"),
        ("Creates a bucket (", "'('"),
        ("Creates a multi-", "'-'"),
        ("Creates a bucket \u2014", "'\u2014'"),
        ("Creates a bucket...", "an ellipsis"),
        ("Creates a bucket\u2026", "an ellipsis"),
    ],
)
def test_an_end_that_is_none_is_told(target: str, end: str) -> None:
    assert broken_end(target) == end


@pytest.mark.parametrize(
    "target",
    [
        "Creates a bucket.",
        "Restart failed tasks",
        "What a bucket is used for",
        "How to log in",
        "Joins conditions by AND or by OR",
        "Sources of vitamin A",
        "Creates a bucket (in one Region)",
        "Sends it to the API of the Region's",
        "Which tasks are run",
        "Is it the end of the?",
        "Sum of 3 and -",
        "",
    ],
)
def test_titles_and_answers_without_a_full_stop_are_whole(target: str) -> None:
    assert broken_end(target) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two words", 2),
        ("snake_case counts once", 3),
        ("\u4e2d\u6587\u5206\u8bcd", 4),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e", 2),
        ("na\u00efve caf\u00e9", 2),
        ("-- !", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: int) -> None:
    assert count_words(text) == words


def test_vowel_signs_are_no_symbols() -> None:
    assert symbol_ratio("\u0939\u093f\u0928\u094d\u0926\u0940") == 0
    assert symbol_ratio("ab!? \n") == 0.5
    assert symbol_ratio("") == 0
