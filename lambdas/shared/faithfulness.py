"""What a summary says that its source does not, and how much of the source it merely repeats.

Three signs of invention, each by the letter: numbers, capitalized names, and sentences of which too few content words
stand in the source. None of them understands the text: a paraphrase counts against a model, a wrong claim in the
source's own words does not. Copying is supported by definition, so a summary is also judged by its length beside the
source's (the compression of Grusky et al. 2018, "Newsroom"): saying it all again is no summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdas.shared.extractive import sentences
from lambdas.shared.figures import mean
from lambdas.shared.rouge import tokens

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Not at a sentence's beginning, where every word has a capital.
NAME = re.compile(r"(?<=[^\s.!?:\"'(\[*-] )[A-Z][\w-]*")
LEAST_SUPPORT = 0.5
CONTENT_CHARACTERS = 4
# A summary may be half as long as its source before its length counts against it.
FREE_LENGTH = 0.5


@dataclass(frozen=True)
class Support:
    """Of one answer: how many of its numbers, names and sentences there are, and how many its source does not have.

    Attributes:
        compression: the answer's words by the source's, at most 1.
        copied: whether the answer's words stand in the source in a row.
    """

    found: tuple[int, int, int]
    unsupported: tuple[int, int, int]
    compression: float
    copied: bool

    @property
    def score(self) -> float:
        """The share that is supported, marked down where the answer is nearly as long as its source.

        >>> Support((1, 1, 2), (0, 1, 0), 0.25, False).score
        0.75
        """
        supported = 1 - sum(self.unsupported) / max(1, sum(self.found))
        return supported * min(1.0, (1 - self.compression) / (1 - FREE_LENGTH))


def support(source: str, answer: str) -> Support:
    """Compare an answer with the text that it is of."""
    words, known = tokens(answer), tokens(source)
    numbers, names, parts = NUMBER.findall(answer), NAME.findall(answer), sentences(answer)
    vocabulary = frozenset(known)
    return Support(
        found=(len(numbers), len(names), len(parts)),
        unsupported=(
            _missing(numbers, frozenset(NUMBER.findall(source))),
            sum(not vocabulary.issuperset(tokens(name)) for name in names),
            sum(not _supported(part, vocabulary) for part in parts),
        ),
        compression=min(1.0, len(words) / len(known)) if known else 1.0,
        copied=bool(words) and f" {' '.join(words)} " in f" {' '.join(known)} ",
    )


def faithfulness(pairs: Sequence[tuple[str, str]]) -> dict[str, float | None]:
    """Give the figures of all answers, as (source, answer): shares unsupported, compression, copies and the score.

    A share is None where no answer has a number, or a name. Words are runs of ASCII letters and digits: a source
    without any, such as a Japanese one, says nothing here, and where all are so every figure is None.
    """
    found = [support(source, answer) for source, answer in pairs if tokens(source)]
    shares = {
        name: _share(sum(s.unsupported[place] for s in found), sum(s.found[place] for s in found))
        for place, name in enumerate(("numbers", "names", "sentences"))
    }
    return {
        **{f"unsupported_{name}": share for name, share in shares.items()},
        "compression": _mean([s.compression for s in found]),
        "copied": _mean([float(s.copied) for s in found]),
        "score": _mean([s.score for s in found]),
    }


def _missing(said: Iterable[str], known: frozenset[str]) -> int:
    return sum(item not in known for item in said)


def _supported(sentence: str, vocabulary: frozenset[str]) -> bool:
    """Whether enough of a sentence's longer words stand in the source; one without such words claims nothing."""
    content = [word for word in tokens(sentence) if len(word) >= CONTENT_CHARACTERS]
    return not content or sum(word in vocabulary for word in content) >= LEAST_SUPPORT * len(content)


def _mean(values: Sequence[float]) -> float | None:
    return round(mean(values), 4) if values else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
