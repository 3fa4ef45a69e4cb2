"""The results: a table for the terminal, JSON, and the plot's points."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data_preparation.plot import plot
from benchmarks.data_preparation.targets import exponent, judge
from benchmarks.data_preparation.tools import Run
from benchmarks.data_preparation.variants import BANDS, band_name

_MB = 10**6
_RECALLS = {"copy": "copy", "white space": "space", "compatibility": "compat"} | {
    band_name(band): f"J{band[0]:g}+" for band in BANDS
}
_HEAD = (
    "tool",
    "scale",
    "MB",
    "CPU s",
    "wall s",
    "tree MB",
    "driver",
    "JVM",
    "workers",
    *_RECALLS.values(),
    "prec.",
    "load",
)


def table(runs: Sequence[Run]) -> str:
    """Return every run in a row of its own, and below it the verdicts."""
    rows = [_HEAD, *(_row(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.insert(1, "─" * len(lines[0]))
    with_start, without = exponent(runs)
    if with_start is not None:
        lines.append(
            f"\nCPU grows with bytes to the {with_start:.2f}"
            + (f"; without the start's, to the {without:.2f}" if without else "")
        )
    return "\n".join([*lines, "", *map(str, judge(runs))])


def _row(run: Run) -> tuple[str, ...]:
    usage, quality = run.usage, run.quality or {}
    recall = quality.get("recall", {})
    sizes = (usage.tree_rss, usage.driver_rss, usage.jvm_rss, usage.workers_rss)
    return (
        run.tool,
        f"{run.scale}x" if run.scale else "start",
        f"{run.size / _MB:.1f}",
        f"{usage.cpu_s:.1f}",
        f"{usage.wall_s:.1f}",
        *(f"{size / _MB:.0f}" for size in sizes),
        *(f"{recall[kind]:.3f}" if kind in recall else "" for kind in _RECALLS),
        f"{quality['precision']:.3f}" if quality.get("precision") is not None else "",
        f"{run.load:.1f}",
    )


def save(runs: Sequence[Run], folder: Path, versions: dict[str, str]) -> None:
    """Write results.json and plot.svg."""
    with_start, without = exponent(runs)
    machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    document: dict[str, Any] = {
        "machine": machine,
        "versions": versions,
        "exponent": {"with_start": with_start, "without_start": without},
        "targets": [vars(verdict) for verdict in judge(runs)],
        "runs": [run.to_json() for run in runs],
    }
    partial = folder / "results.json.partial"
    partial.write_text(json.dumps(document, indent=1) + "\n")
    partial.replace(folder / "results.json")
    lines: dict[str, list[tuple[float, float]]] = {}
    for run in sorted(runs, key=lambda run: run.size):
        if run.scale:
            lines.setdefault(run.tool, []).append((run.size / _MB, run.usage.cpu_s))
    (folder / "plot.svg").write_text(plot(lines, "Megabytes of JSON Lines", "CPU seconds"))


def load(folder: Path) -> list[Run]:
    """Return the runs of the results that are there."""
    path = folder / "results.json"
    return [Run.from_json(document) for document in json.loads(path.read_text())["runs"]] if path.exists() else []
