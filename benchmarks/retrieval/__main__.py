"""Search over documents: `make bench-retrieval`.

What is found, over questions whose answer's passage is known, by words alone, by embeddings alone and by both; which
plain questions are refused before a model is asked; and what CPU a search of 100,000 passages takes. The code is the
gateway's, the services are the twin's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.retrieval import plain
from benchmarks.retrieval.account import account
from benchmarks.retrieval.quality import WAYS, Collection, Half
from benchmarks.retrieval.speed import Speed, measure

MOST_CPU_MS = 50.0
MOST_REFUSED = 0.1
"""Of plain questions that the documents answer; and of those about something else, so many at most are let through."""


def main() -> int:
    """Measure, print, and fail where the hybrid is not the best or a search takes too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=40, help="services whose documents are added")
    parser.add_argument("--questions", type=int, default=150, help="questions of each of two kinds in each half")
    parser.add_argument("--plain", action=argparse.BooleanOptionalAction, default=True, help="ask plain questions")
    parser.add_argument("--passages", type=int, default=100_000, help="passages of the large collection; 0 for none")
    parser.add_argument("--searches", type=int, default=50, help="searches of the large collection")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-retrieval-") as folder, account(Path(folder)) as made:
        if given.services:
            collection = Collection(made, given.services, given.questions, given.seed)
            print(f"{given.services} documents, {collection.add()} passages")
            print(_table("tuned on", collection.measure(reported=False)))
            reported = collection.measure(reported=True)
            print(_table("reported", reported))
            problems += _not_the_best(reported)
        if given.plain:
            refusals = plain.measure(made)
            print("\n".join(one.line() for one in refusals))
            problems += _misjudged(refusals)
        if given.passages:
            speed = measure(made, given.passages, given.searches, given.seed)
            print(_costs(speed))
            if speed.whole[0] > MOST_CPU_MS:
                problems.append(f"A search takes {speed.whole[0]:.1f} ms of CPU, more than {MOST_CPU_MS:.0f}.")
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


def _table(name: str, half: Half) -> str:
    lines = [f"\nhalf that is {name}: {half.questions} questions", "| search | recall@5 | nDCG@10 |", "|---|---|---|"]
    for way in WAYS:
        recall, ndcg = half.line(way)
        lines.append(f"| {way} | {recall} | {ndcg} |")
    leads = " and ".join(f"{half.lead(way)} over {way}" for way in WAYS if way != "hybrid")
    lines.append(f"hybrid's nDCG@10 is better by {leads}")
    lines.append(f"not refused: {half.answered:.1%}; of questions about other services refused: {half.refused:.1%}")
    return "\n".join(lines)


def _not_the_best(half: Half) -> list[str]:
    recall = {way: half.line(way)[0].mean for way in WAYS}
    ndcg = {way: half.line(way)[1].mean for way in WAYS}
    return [
        f"By {name} {way} alone are better than both together."
        for name, scores in (("recall@5", recall), ("nDCG@10", ndcg))
        for way in WAYS
        if scores[way] > scores["hybrid"]
    ]


def _misjudged(refusals: Sequence[plain.Refusals]) -> list[str]:
    """Name kinds of questions of which too many are refused, or too few."""
    told = {one.kind: one.refused / one.asked for one in refusals if one.reported}
    answered, otherwise, _ = plain.KINDS
    problems = []
    if told[answered] > MOST_REFUSED:
        problems.append(f"Of the plain questions {answered} {told[answered]:.0%} are refused.")
    if told[otherwise] < 1 - MOST_REFUSED:
        problems.append(f"Of the plain questions {otherwise} {told[otherwise]:.0%} are refused.")
    return problems


def _costs(speed: Speed) -> str:
    parts = {"the gateway": speed.gateway, "the services' stand-ins": speed.services, "together": speed.whole}
    parts["ranking by words"] = speed.words
    if speed.fts5:
        parts["the same by FTS5"] = speed.fts5
    lines = [f"\n{speed.passages} passages: CPU ms of a search, median and largest"]
    lines += [f"  {name:<26}{middle:8.1f}{largest:8.1f}" for name, (middle, largest) in parts.items()]
    lines.append(
        f"  the lexical index has {speed.index_bytes / 1e6:.0f} MB; adding to it takes {speed.write_seconds:.1f} s"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
