"""How much of what was planted a tool found, and how much of what it took out is like what it was taken for.

Found: the planted record and its original are in one cluster, and at least one of the two is out. Right: a record
that is out has a similarity of at least 0.7 to some record of its cluster. Most of what is taken out was not planted:
documentation has near-duplicates of its own, so every claim is counted anew.
"""

from collections import defaultdict
from typing import Any

from benchmarks.data_preparation.corpus import Corpus
from benchmarks.data_preparation.findings import Findings
from benchmarks.data_preparation.truth import jaccard, shingles

SIMILAR = 0.7


def assess(corpus: Corpus, found: Findings) -> dict[str, Any]:
    """Return recall by kind, precision, and the counts behind them."""
    return {
        "recall": _recall(corpus, found),
        **_precision(corpus, found),
        "removed": len(found.removed),
        "planted_filtered": sum(pair.planted in found.filtered for pair in corpus.pairs),
    }


def _recall(corpus: Corpus, found: Findings) -> dict[str, float]:
    hits: dict[str, list[bool]] = defaultdict(list)
    for pair in corpus.pairs:
        names = found.cluster.get(pair.original), found.cluster.get(pair.planted)
        out = pair.original in found.removed or pair.planted in found.removed
        hits[pair.kind].append(out and names[0] is not None and names[0] == names[1])
    return {kind: sum(values) / len(values) for kind, values in hits.items()}


def _precision(corpus: Corpus, found: Findings) -> dict[str, Any]:
    members = found.members()
    right, wrong = 0, []
    for identity in sorted(found.removed & corpus.texts.keys()):
        others = [name for name in members.get(found.cluster.get(identity, ""), ()) if name in corpus.texts]
        best = _best(corpus, identity, others)
        if best >= SIMILAR:
            right += 1
        else:
            wrong.append((identity, round(best, 3)))
    claimed = right + len(wrong)
    return {"precision": right / claimed if claimed else None, "claimed": claimed, "wrong": wrong[:20]}


def _best(corpus: Corpus, identity: str, others: list[str]) -> float:
    """Return the greatest similarity to any of the others, or the first that is enough."""
    own, best = shingles(corpus.texts[identity]), 0.0
    for other in others:
        if other != identity:
            best = max(best, jaccard(own, shingles(corpus.texts[other])))
            if best >= SIMILAR:
                return best
    return best
