"""Gopher's rules: what passes at the published threshold, and what fails just beyond it."""

from collections import Counter
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.quality.gopher import check_stop_words
from pipelines.preparation.quality.repetition import check_n_grams
from pipelines.preparation.quality.view import TextView
from pipelines.preparation.records import Reason, Rejected
from pipelines.preparation.thresholds import Thresholds
from tests.unit.preparation.prose import lines, marked, repeating, text_of, verdict, words

# Rules that would speak before the one under test, or after it.
REPETITION = (
    *("duplicate_lines", "duplicate_paragraphs", "duplicate_line_characters", "duplicate_paragraph_characters"),
    *(f"top_{n}_gram" for n in range(2, 5)),
    *(f"duplicate_{n}_grams" for n in range(5, 11)),
)
SILENT = {f"gopher_max_{name}": 1 for name in REPETITION} | {"gopher_min_stop_words": 0}


def mean_of_ten(longer: int) -> str:
    """50 words; when 15 of them have eleven characters, their mean length is exactly ten."""
    return " ".join(["the", "of", *words(48 - longer, 10), *(f"{word}x" for word in words(longer, 10))])


def mean_of_three(longer: int) -> str:
    """51 words of three characters, and one of two; one word of four makes their mean length exactly three."""
    short = [word[1:] for word in words(49, 4)]
    return " ".join(["the", "and", "of", *short[longer:], *(f"{word}x" for word in short[:longer])])


@pytest.mark.parametrize(
    ("passes", "fails", "reason", "detail"),
    [
        (text_of(50), text_of(49), Reason.GOPHER_WORD_COUNT, "49 words; {}gopher_min_words is 50"),
        (
            mean_of_ten(15),
            mean_of_ten(16),
            Reason.GOPHER_WORD_LENGTH,
            "words of 10.02 characters on average; {}gopher_max_word_length is 10",
        ),
        (
            mean_of_three(1),
            mean_of_three(0),
            Reason.GOPHER_WORD_LENGTH,
            "words of 2.98 characters on average; {}gopher_min_word_length is 3",
        ),
        (
            marked("#", 10),
            marked("#", 11),
            Reason.GOPHER_SYMBOLS,
            "0.110 hash signs a word; {}gopher_max_symbols_per_word is 0.1",
        ),
        (
            marked("...", 10),
            marked("…", 11),
            Reason.GOPHER_SYMBOLS,
            "0.110 ellipses a word; {}gopher_max_symbols_per_word is 0.1",
        ),
        (
            "\n".join([lines(10)[0], *(f"• {line}" for line in lines(10)[1:])]),
            "\n".join(f"- {line}" for line in lines(10)),
            Reason.GOPHER_BULLETS,
            "1.000 of the lines start with a bullet; {}gopher_max_bullet_lines is 0.9",
        ),
        (
            "\n".join(line + ".." * (place < 3) for place, line in enumerate(lines(10))),
            "\n".join(line + ".." * (place < 4) for place, line in enumerate(lines(10))),
            Reason.GOPHER_ELLIPSES,
            "0.400 of the lines end with an ellipsis; {}gopher_max_ellipsis_lines is 0.3",
        ),
        (
            " ".join([text_of(80), *map(str, range(10_000, 10_020))]),
            " ".join([text_of(79), *map(str, range(10_000, 10_021))]),
            Reason.GOPHER_ALPHABETIC,
            "0.790 of the words have a letter; {}gopher_min_alphabetic_words is 0.8",
        ),
        (
            ", ".join([text_of(40), *words(40, 6), *map(str, range(10_000, 10_020))]),
            ", ".join([text_of(40), *words(39, 6), *map(str, range(10_000, 10_021))]),
            Reason.GOPHER_ALPHABETIC,
            "0.790 of the words have a letter; {}gopher_min_alphabetic_words is 0.8",
        ),
        (
            " ".join(["The", '"with"', *words(98)]),
            " ".join(["The", "the", *words(98)]),
            Reason.GOPHER_STOP_WORDS,
            "1 different stop words of and, be, have, of, that, the, to, with; {}gopher_min_stop_words is 2",
        ),
        (
            "\n".join([*lines(6), *["No."] * 4]),
            "\n".join([*lines(6), *["No."] * 5]),
            Reason.GOPHER_DUPLICATE_LINES,
            "0.364 of the lines stand further up already; {}gopher_max_duplicate_lines is 0.3",
        ),
    ],
)
def test_each_rule_refuses_what_is_just_beyond_its_threshold(
    passes: str, fails: str, reason: Reason, detail: str
) -> None:
    assert verdict("gopher", passes) is None
    assert verdict("gopher", fails) == (reason, detail.format("data.quality.thresholds."))


def test_a_text_may_have_as_many_words_as_the_settings_say() -> None:
    assert verdict("gopher", text_of(80), {"gopher_max_words": 80}) is None
    expected = "81 words; data.quality.thresholds.gopher_max_words is 80"
    assert verdict("gopher", text_of(81), {"gopher_max_words": 80}) == (Reason.GOPHER_WORD_COUNT, expected)


@pytest.mark.parametrize(
    ("separator", "kind", "reason"),
    [
        ("\n", "line", Reason.GOPHER_DUPLICATE_LINES),
        ("\n\n", "paragraph", Reason.GOPHER_DUPLICATE_PARAGRAPHS),
    ],
)
def test_few_repeated_parts_are_too_many_when_they_are_long(separator: str, kind: str, reason: Reason) -> None:
    parts = [" ".join(words(50)[place : place + 10]) for place in range(0, 50, 10)]
    thresholds = SILENT | {f"gopher_max_duplicate_{kind}_characters": 0.2}
    assert verdict("gopher", separator.join([*parts[:4], parts[0]]), thresholds) is None
    name = f"data.quality.thresholds.gopher_max_duplicate_{kind}_characters"
    detail = f"0.202 of the characters are in {kind}s that stand further up already; {name} is 0.2"
    longer = f"{parts[0]}x"
    assert verdict("gopher", separator.join([longer, *parts[1:4], longer]), thresholds) == (reason, detail)


def test_paragraphs_are_counted_whatever_blank_lines_are_between_them() -> None:
    text = "\n \n\n".join([*lines(5), "No.", " No.", "No. ", "No."])
    thresholds = SILENT | {"gopher_max_duplicate_paragraphs": 0.3}
    name = "data.quality.thresholds.gopher_max_duplicate_paragraphs"
    expected = f"0.333 of the paragraphs stand further up already; {name} is 0.3"
    assert verdict("gopher", text, thresholds) == (Reason.GOPHER_DUPLICATE_PARAGRAPHS, expected)


@pytest.mark.parametrize(("n", "times", "total", "share"), [(2, 10, 100, 0.2), (3, 6, 100, 0.18), (4, 4, 100, 0.16)])
def test_the_commonest_n_gram_has_a_bounded_share_of_the_characters(
    n: int, times: int, total: int, share: float
) -> None:
    thresholds = SILENT | {f"gopher_max_top_{n}_gram": share}
    assert verdict("gopher", repeating(n, times, total), thresholds) is None
    refused = verdict("gopher", repeating(n, times + 1, total), thresholds)
    assert refused is not None
    assert refused[0] == Reason.GOPHER_TOP_N_GRAM
    assert refused[1].endswith(f"commonest {n}-gram; data.quality.thresholds.gopher_max_top_{n}_gram is {share}")


@pytest.mark.parametrize(
    ("n", "repeats", "total", "share"),
    [
        (5, 3, 100, 0.15),
        (6, 7, 300, 0.14),
        (7, 13, 700, 0.13),
        (8, 3, 200, 0.12),
        (9, 11, 900, 0.11),
        (10, 1, 100, 0.1),
    ],
)
def test_repeated_n_grams_have_a_bounded_share_of_the_characters(
    n: int, repeats: int, total: int, share: float
) -> None:
    thresholds = SILENT | {f"gopher_max_duplicate_{n}_grams": share}
    assert verdict("gopher", repeating(n, 1 + repeats, total), thresholds) is None
    refused = verdict("gopher", repeating(n, 2 + repeats, total), thresholds)
    assert refused is not None
    assert refused[0] == Reason.GOPHER_DUPLICATE_N_GRAMS
    assert refused[1].endswith(f"already; data.quality.thresholds.gopher_max_duplicate_{n}_grams is {share}")


def covered(text: list[str], starts: list[int], n: int) -> float:
    """Share of the characters in the n words from each start on."""
    inside = {place for start in starts for place in range(start, start + n)}
    return sum(len(text[place]) for place in inside) / sum(map(len, text))


@given(
    text=st.lists(st.sampled_from(["a", "bb", "ccc", "dddd"]) | st.sampled_from(words(40)), min_size=1, max_size=60),
    limit=st.floats(min_value=0, max_value=1),
    n=st.integers(min_value=2, max_value=10),
)
def test_n_grams_are_found_as_by_looking_everywhere(text: list[str], limit: float, n: int) -> None:
    grams = [tuple(text[start : start + n]) for start in range(len(text) - n + 1)]
    counts = Counter(grams)
    if n <= 4:
        most = max(counts.values(), default=0)
        tops = [gram for gram, count in counts.items() if count == most > 1]
        places = [[start for start, gram in enumerate(grams) if gram == top] for top in tops]
    else:
        places = [[start for start, gram in enumerate(grams) if gram in grams[:start]]]
    expected = max((covered(text, starts, n) for starts in places), default=0) > limit
    name = f"gopher_max_top_{n}_gram" if n <= 4 else f"gopher_max_duplicate_{n}_grams"
    with pytest.raises(Rejected, match=f"{name} is ") if expected else nullcontext():
        check_n_grams(TextView(" ".join(text)), Thresholds(**SILENT | {name: limit}))


def test_stop_words_are_told_from_words_that_begin_like_them() -> None:
    with pytest.raises(Rejected):
        check_stop_words(TextView("theory beside tofu office android thatch haven without"), Thresholds())
