"""A run's figures in a terminal, the same as in its report."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def show_figures(report: dict[str, Any], console: Console) -> None:
    """Print the run's outcome, its counts, candidates and figures before and after."""
    execution = report["execution"]
    good = execution["status"] == "SUCCEEDED"
    console.print(f"Run {execution['id']}: {execution['status']}", style="bold green" if good else "bold red")
    if not good:
        console.print(f"{execution['error']}: {execution['cause']}", style="red", markup=False, soft_wrap=True)
    table = Table.grid(padding=(0, 3, 0, 0))
    for label, text in rows(report):
        table.add_row(label, text)
    console.print(table)


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines to show; a step that did not run has none."""
    found: list[tuple[str, str]] = []
    if data := report["data"]:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in data["rejected"].items() if count)
        found.append(("Records", f"{data['input']:,} in, {data['kept']:,} kept ({reasons or 'none rejected'})"))
    if selection := report["selection"]:
        found += [candidate(c) for c in selection["candidates"]]
    if tuning := report["tuning"]:
        found.append(
            (
                "Held-out loss",
                f"{tuning['loss_before']:.2f} → {tuning['loss_after']:.2f} ({tuning['examples']} examples)",
            )
        )
    if e := report["evaluation"]:
        low, high = e["difference_ci"]
        found.append(
            (
                f"Test {e['metric']}",
                f"{e['base']:.3f} → {e['tuned']:.3f} (difference {e['difference']:+.3f} [{low:+.3f}, {high:+.3f}])",
            )
        )
    if serving := report["serving"]:
        found.append(("Served", f"{serving['requests']} requests, median {serving['latency_ms_p50']:.0f} ms"))
    found.append(("IAM", f"enforced, {len(report['iam']['denied'])} calls denied"))
    return found


def candidate(c: dict[str, Any]) -> tuple[str, str]:
    """Return one candidate's line: quality with its interval, latency, cost."""
    quality = f"{c['metric']} {c['value']:.3f} [{c['ci'][0]:.3f}, {c['ci'][1]:.3f}]"
    cost = f"${c['usd_per_1k_requests']:.4f} per 1,000 requests"
    return f"{c['model']}, {c['strategy']}", f"{quality}, {c['latency_ms_p50']:.0f} ms, {cost}"
