"""What the detectors of personal data find, miss and mistake: `.venv/bin/python -m benchmarks.personal_data`.

Prints recall by type on two generated sets (patterns were tightened on the first alone), every find in technical
prose that is nobody's, masked, and megabytes of that prose per CPU second. `--other FOLDER` times another checkout of
the project on the same prose, in turns with this one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

from benchmarks.personal_data.findings import Owner, findings
from benchmarks.personal_data.prose import technical_prose
from benchmarks.personal_data.recall import ACCEPTANCE, DEVELOPMENT, Recall, measure

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5


def show_recall(count: int) -> None:
    """Print one row a kind of value, for both sets."""
    development, acceptance = (measure(values, frames, count) for values, frames in (DEVELOPMENT, ACCEPTANCE))
    print(f"{'recall over ' + str(count) + ' values each':<34} {'development':>12} {'acceptance':>12}")
    for kind in development:
        print(f"{kind:<34} {development[kind].share:>12.4f} {acceptance[kind].share:>12.4f}")
    show_missed(acceptance)


def show_missed(results: dict[str, Recall]) -> None:
    """Print an example of what was missed in the acceptance set, by kind."""
    for kind, recall in results.items():
        if recall.missed:
            print(f"  missed, {kind}: {recall.missed[0][0]!r} became {recall.missed[0][1]!r}")


def show_findings(prose: list[str], verbose: bool) -> None:
    """Print how often each type was found, whose it is, and every find that is nobody's."""
    megabytes = sum(len(text.encode()) for text in prose) / 1e6
    counts: Counter[tuple[str, Owner]] = Counter()
    for finding in (finding for text in prose for finding in findings(text)):
        counts[finding.name, finding.owner] += 1
        if finding.owner is Owner.NOBODY or (verbose and finding.owner is Owner.EXAMPLE):
            print(f"  {finding.owner.value}: {finding.name} {finding.masked!r} in {finding.context!r}")
    print(
        f"{'found in ' + format(megabytes, '.1f') + ' MB of prose':<34} {'somebody':>12} {'example':>12} {'nobody':>12}"
    )
    for name in sorted({name for name, _ in counts}):
        print(f"{name:<34}" + "".join(f" {counts[name, owner]:>12}" for owner in Owner))
    mistaken = sum(count for (_, owner), count in counts.items() if owner is Owner.NOBODY)
    print(f"{mistaken / megabytes:.2f} false positives per MB")


def show_speed(seed: int, megabytes: float, other: Path | None) -> None:
    """Print megabytes per CPU second, the median of some rounds, and the median ratio to another checkout.

    Both take turns: what else the machine does then slows both.
    """
    checkouts = [ROOT, *([other] if other else [])]
    speeds: dict[Path, list[float]] = {checkout: [] for checkout in checkouts}
    for _ in range(ROUNDS):
        for checkout in checkouts:
            command = [sys.executable, str(ROOT / "benchmarks/personal_data/speed.py"), str(checkout)]
            output = subprocess.run([*command, str(seed), str(megabytes)], check=True, capture_output=True, text=True)
            speeds[checkout].append(float(output.stdout))
    for checkout, measured in speeds.items():
        print(f"{median(measured):.1f} MB per CPU second, {checkout}")
    if other:
        ratios = [ours / theirs for ours, theirs in zip(speeds[ROOT], speeds[other], strict=True)]
        print(f"{median(ratios):.2f} times as fast")


def main() -> None:
    """Measure recall, precision and speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=2000, help="generated values of each kind and set")
    parser.add_argument("--megabytes", type=float, default=10, help="technical prose to search")
    parser.add_argument("--seed", type=int, default=7, help="draws the documents")
    parser.add_argument("--other", type=Path, help="another checkout, for its speed")
    parser.add_argument("--verbose", action="store_true", help="list examples too: values reserved for documentation")
    options = parser.parse_args()
    show_recall(options.values)
    show_findings(technical_prose(options.seed, options.megabytes), options.verbose)
    show_speed(options.seed, options.megabytes, options.other)


if __name__ == "__main__":
    main()
