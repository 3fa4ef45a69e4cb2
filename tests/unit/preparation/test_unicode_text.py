"""One spelling for each text."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.preparation.unicode_text import _INVISIBLE, is_settled, normalize


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\ufb01le \uff21\uff22", "file AB"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("zero\u200bwidth\ufeff, soft\u00adhyphen, \u202edirection\u202c", "zerowidth, softhyphen, direction"),
        ("bell\x07, null\x00, escape\x1b", "bell, null, escape"),
        ("a\u00a0b \t c\u3000d", "a b c d"),
        ("one \r\n two\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("a\n\n\n\n\nb\n", "a\n\nb"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("pass\u200dword", "password"),
        ("a\u0323\u0307", "\u1ea1\u0307"),
    ],
)
def test_variants_of_a_text_become_one(raw: str, clean: str) -> None:
    assert normalize(raw) == clean


@pytest.mark.parametrize("text", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f680"])
def test_joiners_that_shape_a_script_or_an_emoji_stay(text: str) -> None:
    assert normalize(text) == text


def test_a_pile_of_marks_is_cut_to_thirty() -> None:
    assert len(normalize("x" + "\u0301\u0323" * 5_000)) <= 31


ODD = st.sampled_from(
    "ae\u0301\u0323\u0344\u200c\u200d\u200b\ufeff\u00a0\ud800\r\n\t \u2028\uff21\u0928\u093c\u00a8\x00"
)


@given(st.one_of(st.text(max_size=60), st.text(alphabet=ODD, max_size=60)))
@example("\u00e9\u200d\u200da")
@example("e\u200d\u0301\u200d\u0928")
@example("x" + "\u0344" * 31)
@example("\uff21\u200d\uff22")
def test_normalizing_twice_is_once(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert unicodedata.is_normalized("NFKC", once)
    assert once.encode("utf-8").decode("utf-8") == once.strip()


@given(st.text(alphabet=" \n\tab.\x7f\u00e9\u2019\u2026\u2011\u00a0\u0301", max_size=30))
@example("a \nb")
@example("a\n b")
@example("a  b")
@example("a\n\n\nb")
@example(" a\n")
@example("\u2019\u0301")
def test_a_text_that_looks_tidy_is(text: str) -> None:
    # U+0100 is not among the characters that are known to stay: with it a text takes the long way.
    assert normalize(f"{text}\u0100") == normalize(f"{normalize(f'{text}e')[:-1]}\u0100")


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20, 0x2100) if is_settled(chr(code))])
def test_each_character_that_is_known_to_stay_does(character: str) -> None:
    for text in (f"a{character}a", f"{character}{character}a"):
        assert unicodedata.normalize("NFKC", text) == text
        assert _INVISIBLE.search(text) is None
