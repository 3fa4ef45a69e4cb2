"""What a word is, for every stage that counts or compares words.

A word is a run of letters, digits and marks; in scripts that write without spaces each ideograph, kana or Thai,
Lao, Khmer or Myanmar letter counts as one.
"""

import re
import unicodedata

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+")
_HAS_SPACELESS = re.compile(f"[{_SPACELESS}]")
_RUN = re.compile(r"\w+")


_APART = bytes(code if WORD.fullmatch(chr(code)) else 32 for code in range(128)).ljust(256)
"""Of ASCII, the letters and digits, and spaces for what stands between two words."""


def count_words(text: str) -> int:
    """Number of words in a normalized text."""
    return len(split_words(text))


def split_words(text: str) -> list[str]:
    """Return the words of a normalized text in their order."""
    if text.isascii():
        return text.encode("ascii").translate(_APART).decode("ascii").split()
    return _find_words(without_marks(text))


def _find_words(text: str) -> list[str]:
    """Return what `WORD` finds; without scripts that write without spaces, a run is all it looks for."""
    return (WORD if _HAS_SPACELESS.search(text) else _RUN).findall(text)


def words_of(text: str) -> str:
    """Return a text whose words can be told in its bytes: runs of ASCII letters and digits and of what is not ASCII.

    An ASCII text is returned as it is, with its capital letters.
    """
    if text.isascii():
        return text
    return " ".join(_find_words(without_marks(text.casefold())))


def without_marks(text: str) -> str:
    """Vowel signs and accents belong to their letter; `re` takes them for symbols between two words."""
    if text.isascii():
        return text
    beyond = (character for character in set(text) if character > "\x7f")
    marks = [ord(character) for character in beyond if unicodedata.category(character).startswith("M")]
    return text.translate(dict.fromkeys(marks)) if marks else text
