"""Gopher's rules against repetition: Rae et al. 2021, arXiv 2112.11446, appendix A1, table A1.

What repeats an n-gram repeats the (n-1)-grams in it. So only pairs of words are looked up over the whole text; each
longer n-gram is looked for where a shorter one occurs twice, which in ordinary prose is almost nowhere. And characters
in repeated n-grams only get fewer as n grows: where they are few enough for every bound, the search ends.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pipelines.preparation.quality.verdict import refuse, share
from pipelines.preparation.quality.view import TextView, duplicates
from pipelines.preparation.records import Reason
from pipelines.preparation.thresholds import Thresholds

Places = list[list[int]]
"""For each n-gram that occurs more than once, the words at which it begins, in the order of the text."""

_TOP = range(2, 5)
_DUPLICATE = range(5, 11)


def check_repetition(view: TextView, thresholds: Thresholds) -> None:
    """Raise `Rejected` with the first rule of table A1 that the text breaks."""
    check_duplicate_parts("line", view.lines, Reason.GOPHER_DUPLICATE_LINES, thresholds)
    check_duplicate_parts("paragraph", view.paragraphs, Reason.GOPHER_DUPLICATE_PARAGRAPHS, thresholds)
    check_n_grams(view, thresholds)


def check_duplicate_parts(kind: str, parts: list[str], reason: Reason, thresholds: Thresholds) -> None:
    """At most 30 % of lines and of paragraphs stand further up already, with at most 20 % of the characters."""
    count, characters = duplicates(parts)
    ratio = share(count, len(parts))
    name = f"gopher_max_duplicate_{kind}s"
    if ratio > getattr(thresholds, name):
        raise refuse(reason, f"{ratio:.3f} of the {kind}s stand further up already", thresholds, name)
    ratio = share(characters, sum(map(len, parts))) if characters else 0
    name = f"gopher_max_duplicate_{kind}_characters"
    if ratio > getattr(thresholds, name):
        found = f"{ratio:.3f} of the characters are in {kind}s that stand further up already"
        raise refuse(reason, found, thresholds, name)


def check_n_grams(view: TextView, thresholds: Thresholds) -> None:
    """Bounds of the characters in the commonest 2- to 4-gram, and in 5- to 10-grams that occurred before."""
    strictest = min(getattr(thresholds, f"gopher_max_duplicate_{n}_grams") for n in _DUPLICATE)
    for n, places in repeated_n_grams(view.words, _DUPLICATE.stop - 1):
        if n in _TOP:
            ratio = share(_top_characters(view, places, n), view.word_characters)
            reason, name = Reason.GOPHER_TOP_N_GRAM, f"gopher_max_top_{n}_gram"
            found = f"{ratio:.3f} of the characters are in the commonest {n}-gram"
        else:
            ratio = share(_duplicate_characters(view, places, n), view.word_characters)
            reason, name = Reason.GOPHER_DUPLICATE_N_GRAMS, f"gopher_max_duplicate_{n}_grams"
            found = f"{ratio:.3f} of the characters are in {n}-grams that stand further up already"
        if ratio > getattr(thresholds, name):
            raise refuse(reason, found, thresholds, name)
        if n in _DUPLICATE and ratio <= strictest:
            return


def repeated_n_grams(words: list[str], longest: int) -> Iterator[tuple[int, Places]]:
    """Yield the n-grams that occur more than once, from pairs up, until there are none."""
    places = _repeated_pairs(words)
    for n in range(2, longest + 1):
        if not places:
            return
        yield n, places
        places = list(_one_word_longer(words, places, n))


def _repeated_pairs(words: list[str]) -> Places:
    pairs = list(pairwise(words))
    counts = Counter(pairs)
    if len(counts) == len(pairs):
        return []
    places: dict[tuple[str, str], list[int]] = {pair: [] for pair, count in counts.items() if count > 1}
    for start, pair in enumerate(pairs):
        if pair in places:
            places[pair].append(start)
    return list(places.values())


def _one_word_longer(words: list[str], places: Places, n: int) -> Iterator[list[int]]:
    """Tell the places of each n-gram apart by the word that follows, and yield those that are still more than one."""
    for starts in places:
        if len(starts) == 2:  # nearly always, and then no table is needed
            first, second = starts
            if second + n < len(words) and words[first + n] == words[second + n]:
                yield starts
            continue
        by_next: dict[str, list[int]] = {}
        for start in starts:
            if start + n < len(words):
                by_next.setdefault(words[start + n], []).append(start)
        for same in by_next.values():
            if len(same) > 1:
                yield same


def _top_characters(view: TextView, places: Places, n: int) -> int:
    """Characters of the commonest n-gram, in all its places; of equally common ones the longest counts."""
    most = max(map(len, places))
    return max(_covered(view, starts, n) for starts in places if len(starts) == most)


def _duplicate_characters(view: TextView, places: Places, n: int) -> int:
    """Characters of n-grams in all places but their first."""
    return _covered(view, sorted(start for starts in places for start in starts[1:]), n)


def _covered(view: TextView, starts: list[int], n: int) -> int:
    """Number of characters in the n words from each start on; what overlaps counts once."""
    before = view.word_starts
    total = end = 0
    for start in starts:
        total += before[start + n] - before[max(start, end)]
        end = start + n
    return total
