"""Which groups of people a text names, by the words of the lexicon.

Words are looked up, not searched for: one pass that takes a text apart serves its length and all terms at once.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from pipelines.preparation.profile.lexicon import LEXICON


class Group(NamedTuple):
    """A group of people, among those of its kind."""

    kind: str
    name: str


GROUPS = tuple(Group(kind, name) for kind, groups in LEXICON.items() for name in groups)


def find_terms(words: list[str]) -> set[tuple[str, str]]:
    """Return the terms that occur among the words of a text, each with its kind.

    Within a kind a phrase covers its words: `native american` is no mention of `american`, unless that occurs
    elsewhere too.
    """
    index = _index()
    seen = index.vocabulary.intersection(words)
    if not seen:
        return set()
    ends = index.phrases.keys() & seen
    phrases = [phrase for end in ends for phrase in index.phrases[end] if seen.issuperset(phrase.words)]
    if not phrases:
        return {(kind, word) for word in seen for kind in index.kinds.get(word, ())}
    return _find_with_phrases(words, phrases)


def groups_of(terms: Iterable[tuple[str, str]]) -> set[Group]:
    """Return the groups that terms count for."""
    groups = _index().groups
    return {group for term in terms for group in groups[term]}


class _Phrase(NamedTuple):
    text: str
    words: list[str]
    kinds: tuple[str, ...]


class _Index(NamedTuple):
    """The lexicon, turned round.

    Attributes:
        vocabulary: every word of every term.
        kinds: of each term of one word, the kinds that have it.
        phrases: the terms of several words, by their last word.
        groups: of each term of a kind, the groups that it counts for.
    """

    vocabulary: frozenset[str]
    kinds: dict[str, tuple[str, ...]]
    phrases: dict[str, list[_Phrase]]
    groups: dict[tuple[str, str], tuple[Group, ...]]


@cache
def _index() -> _Index:
    groups: dict[tuple[str, str], tuple[Group, ...]] = {}
    kinds: dict[str, tuple[str, ...]] = {}
    for group in GROUPS:
        for term in LEXICON[group.kind][group.name]:
            if group.kind not in kinds.get(term, ()):
                kinds[term] = (*kinds.get(term, ()), group.kind)
            groups[group.kind, term] = (*groups.get((group.kind, term), ()), group)
    phrases: dict[str, list[_Phrase]] = {}
    for term in kinds:
        if len(words := term.split()) > 1:
            phrases.setdefault(words[-1], []).append(_Phrase(term, words, kinds[term]))
    return _Index(
        vocabulary=frozenset(word for term in kinds for word in term.split()),
        kinds={term: found for term, found in kinds.items() if " " not in term},
        phrases=phrases,
        groups=groups,
    )


def _find_with_phrases(words: list[str], phrases: list[_Phrase]) -> set[tuple[str, str]]:
    index, found = _index(), set[tuple[str, str]]()
    # Two spaces between words, so that phrases that follow one another each have their own.
    whole = f" {'  '.join(words)} "
    for kind in LEXICON:
        left = whole
        for phrase in sorted(phrases, key=lambda phrase: (-len(phrase.text), phrase.text)):
            spaced = f" {phrase.text.replace(' ', '  ')} "
            if kind in phrase.kinds and spaced in left:
                found.add((kind, phrase.text))
                left = left.replace(spaced, " | ")
        seen = index.vocabulary.intersection(left.split())
        found.update((kind, word) for word in seen if kind in index.kinds.get(word, ()))
    return found
