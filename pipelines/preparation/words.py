"""What a word is, for every stage that counts or compares words.

A word is a run of letters, digits and underscores; in scripts that write without spaces each ideograph, kana or Thai,
Lao, Khmer or Myanmar letter counts as one. Vowel signs and accents belong to their letter, so they are left out.

Of most texts only quotation marks and dashes are beyond ASCII. So what is beyond it is respelled, one character at a
time and all of its places at once, and then bytes are looked up in a table: patterns take ten times as long.
"""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

_SPACELESS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_ASCII = bytes(range(128))
_NAMES = frozenset(code for code in _ASCII if chr(code).isalnum() or chr(code) == "_")
# Every byte of a character beyond ASCII stands for itself.
_APART = bytes(code if code in _NAMES or code > 127 else 32 for code in range(256))
_APART_AND_FOLDED = _APART.lower()
_MANY = 32
"""Different characters to respell, from which on one pass over the text is cheaper than one for each."""


def count_words(text: str) -> int:
    """Number of words in a normalized text."""
    return len(split_words(text))


def split_words(text: str) -> list[str]:
    """Return the words of a normalized text in their order."""
    return _split(respell(text, _apart), _APART)


def folded_words(text: str) -> list[str]:
    """Return the words of a normalized text in small letters, as many as `count_words` counts."""
    return _split(fold(text), _APART_AND_FOLDED)


def fold(text: str) -> str:
    """Return a text whose words can be told in its bytes: runs of ASCII letters and digits and of what is not ASCII.

    ASCII letters stay capital where they are; all others are small.
    """
    return respell(text, _folded)


def respell(text: str, rule: Callable[[str], str]) -> str:
    """Return a text with each character beyond ASCII as a rule has it, which leaves what it returns as it is."""
    if text.isascii():
        return text
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    changes = {character: new for character in set(beyond) if (new := rule(character)) != character}
    if len(changes) >= _MANY:
        return text.translate({ord(character): new for character, new in changes.items()})
    for character, new in changes.items():
        text = text.replace(character, new)
    return text


def _split(text: str, table: bytes) -> list[str]:
    # Bytes are translated several times as fast as characters.
    return text.encode().translate(table).decode().split()


def is_mark(character: str) -> bool:
    """Whether a character is a vowel sign or an accent, which belongs to its letter."""
    return unicodedata.category(character).startswith("M")


@lru_cache(4096)
def _apart(character: str) -> str:
    """Spell what is no word as a space, and put spaces around what is a word by itself."""
    if is_mark(character):
        return ""
    if any(first <= ord(character) <= last for first, last in _SPACELESS):
        return f" {character} "
    return character if character.isalnum() else " "


@lru_cache(4096)
def _folded(character: str) -> str:
    return "".join(map(_apart, character.casefold()))
