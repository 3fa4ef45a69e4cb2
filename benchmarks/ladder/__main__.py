"""The ladder on the sample task, through the state machine: `make bench-ladder`, ARGS="--sample 64" for surer figures.

Six real candidates, one model of 135M parameters asked in five ways and the extractive baseline, beside three whose
worth is planted: an oracle, the same one slower, and one that copies the text.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data_preparation.folders import ROOT
from benchmarks.ladder import task
from benchmarks.ladder.running import Ladder, ladder
from lambdas.shared.cost import in_dollars

COLUMNS = (
    "candidate",
    "ROUGE-L",
    "95 % interval",
    "cosine",
    "faithfulness",
    "length",
    "p50",
    "1,000 requests",
    "verdict",
)


def main() -> int:
    """Run the ladder, print the table, and fail where the planted truth does not come out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=400, help="records of the sample data")
    parser.add_argument("--sample", type=int, default=32, help="held-out records that every candidate answers")
    parser.add_argument("--documents", type=int, default=400, help="services whose overviews are searched")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="ladder-") as folder,
        ladder(ROOT, Path(folder), given.records, given.sample, given.documents) as found,
    ):
        if found.outcome.status != "SUCCEEDED":
            print(f"{found.outcome.error}: {found.outcome.cause}", file=sys.stderr)
            return 1
        print(_line(COLUMNS), _line(["---"] * len(COLUMNS)), sep="\n")
        for one in found.candidates:
            print(_row(found, one))
        for verdict in found.verdicts.values():
            print(f"- {verdict['name']}: {verdict['verdict']}: {verdict['words']}")
        problems = planted_truth(found)
    print("\n".join(problems) or "The planted truth comes out.")
    return 1 if problems else 0


def planted_truth(found: Ladder) -> list[str]:
    """Say what does not come out as it was planted; nothing where all does."""
    oracle, slow, copier = (found.of_import(name) for name in (task.ORACLE, task.SLOW_ORACLE, task.COPIER))
    verdict = {
        name: found.verdicts[one["index"]]["verdict"]
        for name, one in (("oracle", oracle), ("slow", slow), ("copier", copier))
    }
    truths = {
        "The oracle was not chosen.": verdict["oracle"] == "chosen" and oracle["value"] == 1.0,
        "The slow oracle did not lose as the dearer one.": verdict["slow"] == "dearer"
        and slow["value"] == oracle["value"]
        and slow["usd_per_1k_requests"] > oracle["usd_per_1k_requests"],
        "The copier was not refused.": verdict["copier"] == "refused",
        "The copier was not marked down for its length.": copier["faithfulness"]["compression"] > 0.95
        and copier["faithfulness"]["score"] < 0.1 < oracle["faithfulness"]["score"],
        "There are fewer than six real candidates.": len(found.candidates) - len(task.PLANTED) >= 6,
        "An interval is missing.": all(one["ci"][0] <= one["value"] <= one["ci"][1] for one in found.candidates),
    }
    return [problem for problem, holds in truths.items() if not holds]


def _row(found: Ladder, one: dict[str, Any]) -> str:
    cells = [
        _name(one),
        f"{one['value']:.3f}",
        f"{one['ci'][0]:.3f} to {one['ci'][1]:.3f}",
        f"{one['similarity']['value']:.3f}",
        f"{one['faithfulness']['score']:.2f}",
        f"{one['faithfulness']['compression']:.2f}",
        f"{one['latency_ms_p50']:.0f} ms",
        in_dollars(one["usd_per_1k_requests"]),
        found.verdicts[one["index"]]["verdict"],
    ]
    return _line(cells)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _name(one: dict[str, Any]) -> str:
    planted = {task.ORACLE: "planted oracle", task.SLOW_ORACLE: "the same, slower", task.COPIER: "planted copier"}
    for name, words in planted.items():
        if one["model_id"].endswith(name):
            return words
    how = task.REAL[one["index"]]
    more = [f"{how[key]}" for key in ("examples", "choose", "passages", "search") if key in how]
    return " ".join([one["model"], one["strategy"], *more])


if __name__ == "__main__":
    sys.exit(main())
