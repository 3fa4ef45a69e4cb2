"""What the preparation is to reach, and whether these runs show that it does."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.data_preparation.tools import BASE, DATATROVE, FOURFOLD, ONLY_DUPLICATES, TEXT_DEDUP, Run
from benchmarks.data_preparation.variants import COPIES

_GB = 10**9
_LARGE = 8
"""Scale at which memory and the share of the base are judged; from scale 2 on the driver's memory is to stay."""


@dataclass(frozen=True)
class Verdict:
    """One target; `value` and `met` are None where the runs that it needs are missing."""

    target: str
    value: float | None
    met: bool | None

    def __str__(self) -> str:
        value = "" if self.value is None else f"{self.value:.3f}"
        return (
            f"{'met' if self.met else 'not measured' if self.met is None else 'NOT MET':<12} {value:>8}  {self.target}"
        )


def judge(runs: Sequence[Run]) -> list[Verdict]:
    """Return a verdict on every target."""
    cpu = {(run.tool, run.scale): run.usage.cpu_s for run in runs if run.scale}
    jobs = {run.scale: run for run in runs if run.tool == FOURFOLD and run.scale}
    largest = max(jobs, default=0)
    base = min((cpu[tool, _LARGE] for tool in BASE if (tool, _LARGE) in cpu), default=None)
    exponents = exponent(runs)
    large = jobs.get(_LARGE)
    return [
        _at_most(1 / 3, _share(cpu, FOURFOLD, DATATROVE), "of datatrove's CPU with matching stages, at most 1/3"),
        _at_most(1, _share(cpu, ONLY_DUPLICATES, TEXT_DEDUP), "of text-dedup's CPU for duplicates alone, at most 1"),
        _at_most(
            3,
            large.usage.cpu_s / base if large and base else None,
            f"of Spark's CPU to read and write at {_LARGE}x, at most 3",
        ),
        *_recalls(jobs.get(largest)),
        _at_least(0.98, _precision(jobs.get(largest)), "precision at J >= 0.7, at least 0.98"),
        _at_most(1.05, exponents[0], "exponent of CPU over bytes, at most 1.05"),
        _at_most(
            1.2,
            _growth(jobs, lambda run: run.usage.driver_rss),
            "growth of the driver's Python from 2x to 8x, at most 1.2",
        ),
        _at_most(
            1.2,
            _growth(jobs, lambda run: run.usage.jvm_rss),
            "growth of the JVM (driver and executor in one) from 2x to 8x, at most 1.2",
        ),
        _at_most(4, large.usage.tree_rss / _GB if large else None, f"GB in the whole tree at {_LARGE}x, at most 4"),
    ]


def exponent(runs: Sequence[Run]) -> tuple[float | None, float | None]:
    """Return the slope of the job's CPU over bytes on logarithmic scales: as it is, and without the start's CPU."""
    points = [(run.size, run.usage.cpu_s) for run in runs if run.tool == FOURFOLD and run.scale]
    start = next((run.usage.cpu_s for run in runs if run.tool == FOURFOLD and run.scale == 0), None)
    without = None if start is None else _slope([(size, cpu - start) for size, cpu in points if cpu > start])
    return _slope(points), without


def _slope(points: list[tuple[int, float]]) -> float | None:
    if len(points) < 2:
        return None
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return across / sum((x - x_mean) ** 2 for x in xs)


def _share(cpu: dict[tuple[str, int], float], tool: str, other: str) -> float | None:
    both = [scale for name, scale in cpu if name == tool and (other, scale) in cpu]
    return cpu[tool, max(both)] / cpu[other, max(both)] if both else None


def _recalls(run: Run | None) -> list[Verdict]:
    recall = run.quality["recall"] if run and run.quality else {}
    bounds = dict.fromkeys(COPIES, 1.0) | {"J 0.95-1": 1.0, "J 0.9-0.95": 1.0, "J 0.8-0.9": 0.98}
    return [
        _at_least(bound, recall.get(kind), f"recall of {kind}, at least {bound:g}") for kind, bound in bounds.items()
    ]


def _precision(run: Run | None) -> float | None:
    return run.quality["precision"] if run and run.quality else None


def _growth(jobs: dict[int, Run], size: Callable[[Run], int]) -> float | None:
    if not (2 in jobs and _LARGE in jobs):
        return None
    sizes = [size(run) for scale, run in jobs.items() if 2 <= scale <= _LARGE]
    return max(sizes) / min(sizes)


def _at_most(bound: float, value: float | None, target: str) -> Verdict:
    return Verdict(target, value, None if value is None else value <= bound)


def _at_least(bound: float, value: float | None, target: str) -> Verdict:
    return Verdict(target, value, None if value is None else value >= bound)
