"""What holds for every text: redaction is stable, touches nothing else, and takes work in proportion to the text."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from re import _constants as codes
from re import _parser as parser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation import html_text
from pipelines.preparation.personal_data import redact
from pipelines.preparation.personal_data.detector import Detector
from pipelines.preparation.personal_data.redaction import DETECTORS
from pipelines.preparation.personal_data.secrets import PRIVATE_KEY
from tests.unit.preparation.personal_data.examples import CLEAN, FINDS

ROWS = (PRIVATE_KEY, *DETECTORS)
BRACKET = re.compile(rf"\[(?:{'|'.join(sorted({row.name.upper() for row in ROWS}))})\]")
SENTENCES = [text for text, _ in FINDS] + CLEAN
# Pieces of values, whole values, and what may stand between them; pieces that meet make and unmake values.
PIECES = st.sampled_from(
    [piece for text in SENTENCES for piece in re.findall(r"\w+|[^\w\s]+|\s+", text)]
    + [
        "tel ",
        "secret ",
        "password=",
        "AKIA",
        "-----BEGIN PRIVATE KEY-----",
        "-----",
        "\n",
        "+",
        "@",
        "://",
        "version ",
    ]
    + [re.split(r"[ ,;]", text)[-1] for text in SENTENCES]
)
TEXTS = st.one_of(
    st.lists(st.one_of(PIECES, st.sampled_from(SENTENCES)), max_size=12).map("".join),
    st.lists(st.sampled_from(SENTENCES), max_size=4).map(" | ".join),
    st.text(max_size=60),
    st.lists(st.one_of(PIECES, st.characters(), st.characters(categories=["Cs", "Mn", "Nd"])), max_size=20).map(
        "".join
    ),
)


@given(TEXTS)
def test_redacting_twice_finds_nothing_more(text: str) -> None:
    once = redact(text)[0]
    assert redact(once) == (once, {})


@given(TEXTS)
def test_what_is_not_found_stays_character_by_character(text: str) -> None:
    redacted, found = redact(text)
    position = 0
    if not BRACKET.search(text):  # brackets that were there before are nobody's find
        assert len(BRACKET.findall(redacted)) <= found.total()
        for rest in BRACKET.split(redacted):
            position = text.index(rest, position) + len(rest)
    if not found:
        assert redacted == text


@given(st.sampled_from(FINDS), st.text(st.characters(categories=["Lo", "So", "Zs", "Po", "Pi", "Pf"]), max_size=3))
def test_a_find_does_not_depend_on_the_lines_around_it(find: tuple[str, str], around: str) -> None:
    text, redacted = find
    assert redact(f"{around}\n{text}\n{around}")[0] == f"{around}\n{redacted}\n{around}"


@pytest.mark.parametrize("text", SENTENCES)
def test_no_hint_keeps_a_pattern_from_what_it_would_find(text: str) -> None:
    found: Counter[str] = Counter()
    lines = PRIVATE_KEY.redact(text, found).split("\n")
    for row in DETECTORS:
        lines = [row.redact(line, found) for line in lines]
    assert redact(text) == ("\n".join(lines), found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.pattern.pattern[:16]}")
def test_no_pattern_can_run_away(row: Detector) -> None:
    for repeat, largest, inner in repeats(parser.parse(row.pattern.pattern, row.pattern.flags)):
        if repeat is not codes.POSSESSIVE_REPEAT:
            assert largest is not codes.MAXREPEAT, "a repeat without an end must not give back what it took"
            assert largest * inner <= 2_000, "so many ways to read the same characters"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.pattern.pattern[:16]}")
def test_a_possessive_repeat_is_of_single_characters(row: Detector) -> None:
    """Python before 3.11.5 is wrong about one of a group with branches (github.com/python/cpython/issues/106052)."""
    assert_single_characters(parser.parse(row.pattern.pattern, row.pattern.flags))


def test_so_it_is_in_the_patterns_of_html() -> None:
    assert_single_characters(parser.parse(html_text._TAG.pattern))
    assert_single_characters(parser.parse(html_text._END_TAG.pattern))


def assert_single_characters(tree: Any) -> None:
    for code, argument in tree:
        if code is codes.POSSESSIVE_REPEAT:
            ((kind, _),) = argument[2]
            assert kind in (codes.IN, codes.LITERAL, codes.NOT_LITERAL, codes.ANY)
        for part in argument if isinstance(argument, tuple) else (argument,):
            for tree_in_it in part if isinstance(part, list) else (part,):
                if isinstance(tree_in_it, parser.SubPattern):
                    assert_single_characters(tree_in_it)


def repeats(tree: Any) -> Iterator[tuple[Any, int, int]]:
    """Yield each repeat of a pattern, how often it may run at most, and how often what is in it may."""
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            inside = list(repeats(argument[2]))
            yield (
                code,
                argument[1],
                max((n * m for kind, n, m in inside if kind is not codes.POSSESSIVE_REPEAT), default=1),
            )
            yield from inside
        elif code is codes.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch)
        elif code is codes.ATOMIC_GROUP:
            # What it has taken it does not give back, as a possessive repeat.
            first, *inside = repeats(argument)
            yield (codes.POSSESSIVE_REPEAT, *first[1:])
            yield from inside
        else:
            parts = argument if isinstance(argument, tuple) else (argument,)
            for part in parts:
                if isinstance(part, parser.SubPattern):
                    yield from repeats(part)


HOSTILE = [
    "1",
    "1 ",
    "1-1.",
    "4111 ",
    "(1",
    "+4",
    "+4 (",
    "tel 1",
    "tel ",
    "a@",
    "a@a.",
    "a.",
    "a-",
    "@",
    "secret ",
    "AKIA",
    "IQoJb3JpZ2lu/",
    "eyJ.",
    "eyJaaaaaaaaaa.",
    "sk-",
    "xoxb-1-",
    "glpat-",
    "password=a",
    "://a:a",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n-",
    "DE89 ",
    "DE89A",
    "ABCDEF85T10A562",
    "2001:",
    "a:",
    "1.",
    "1.2.3.",
    "123-45-6789",
    "123-45-6789 ",
    "123-45-6789(212) 555-0123",
    "phone 030 1234567 ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_line_takes_work_in_proportion_to_its_length(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert work(piece, 4_000, monkeypatch) <= 2.2 * work(piece, 2_000, monkeypatch) + 100


def work(piece: str, times: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the proposals that are confirmed or refused, and the characters that patterns are run over."""
    done = 0

    def redact_counted(self: Detector, text: str, found: Any) -> str:
        nonlocal done
        done += len(text) + 40 * sum(1 for _ in self.pattern.finditer(text))
        return original(self, text, found)

    original = Detector.redact
    with monkeypatch.context() as patched:
        patched.setattr(Detector, "redact", redact_counted)
        redact(piece * times)
    return done


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_hostile_line_is_redacted(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "!"
    assert redact(text)[0].endswith("!")


def test_a_token_whose_header_is_nested_a_thousand_times_is_no_token() -> None:
    header = base64.urlsafe_b64encode(b'{"a":' + b"[" * 3000).decode().rstrip("=")
    token = f"{header}.eyJzdWIiOiIxMjMifQ.aB3dE5fG7hJ9kL1mN3pQ5rS7tU9"
    assert redact(token)[0] == token
