"""A run's figures in a terminal, the same as in its report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.say import say
from twin.report.attempts import in_a_sentence, training_went_on
from twin.report.charts.candidates import milliseconds
from twin.report.cuts import cuts
from twin.report.failure import Failure, failure
from twin.report.removals import in_a_line
from twin.report.wording import OF_CONVERSATIONS, approved, loss_change, quality_change, request_cost, selection_reason


def show_figures(report: dict[str, Any], console: Console) -> None:
    """Print the run's outcome, its counts, candidates and figures before and after."""
    execution = report["execution"]
    good = execution["status"] == "SUCCEEDED"
    say(f"Run {execution['id']}: {execution['status']}", console, "bold green" if good else "bold red")
    if why := failure(execution):
        say("\n".join(failure_lines(why)), console, "red")
    if report["error"]:
        say(f"The deployed model could not be used: {report['error']}", console, "red")
    table = Table.grid(padding=(0, 3, 0, 0))
    for label, text in rows(report):
        table.add_row(Text(label), Text(text))
    console.print(table)
    for cut in cuts(report):
        say(f"{cut.found} {cut.remedy}", console, "yellow" if cut.prominent else "")
    for removal in (report["data"] or {}).get("removals", ()):
        say(in_a_line(removal), console, "yellow")


def failure_lines(why: Failure) -> Iterator[str]:
    """Say why a run failed; of a traceback, where it ended: all of it is in the log."""
    yield f"{why.error}: {why.what}"
    if why.trace:
        yield f"It ended with: {why.trace.splitlines()[-1].strip()}"
    if why.log:
        yield f"Log: {why.log}"
    if why.remedy:
        yield f"What to do: {why.remedy}"


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines to show; a step that did not run has none."""
    told = (("Attempts", in_a_sentence(report)), ("Training", training_went_on(report["tuning"])))
    found = [(label, words) for label, words in told if words]
    if data := report["data"]:
        found.append(("Records", records(data)))
    if selection := report["selection"]:
        found += [candidate(c) for c in selection["candidates"]]
        if selection["reason"]:
            found.append(("Selection", selection_reason(selection)))
    if t := report["tuning"]:
        losses = f"{t['loss_before']:.2f} → {t['loss_after']:.2f}"
        found.append(("Held-out loss", f"{losses} ({t['examples']} training examples)"))
    if e := report["evaluation"]:
        found.append((f"Test {e['metric']}", f"{e['base']:.3f} → {e['tuned']:.3f}. {quality_change(e)}"))
        if e["loss_reduction"] is not None:
            found.append(("Test loss", loss_change(e["loss_reduction"])))
    if report.get("approval"):
        found.append(("Approval", approved(report["approval"])))
    if report["serving"]:
        found += served(report["serving"])
    found.append(("IAM", f"enforced, {len(report['iam']['denied'])} calls denied"))
    return found


def records(data: dict[str, Any]) -> str:
    """Say how many records came in and were kept, and for which reasons the others were not."""
    by_count = sorted(data["rejected"].items(), key=lambda item: (-item[1], item[0]))
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in by_count if count)
    return f"{data['input']:,} in, {data['kept']:,} kept ({reasons or 'none rejected'})"


def candidate(c: dict[str, Any]) -> tuple[str, str]:
    """Return one candidate's line: quality with its interval, latency, cost."""
    quality = f"{c['metric']} {c['value']:.3f} [{c['ci'][0]:.3f}, {c['ci'][1]:.3f}]"
    return f"{c['model']}, {c['strategy']}", f"{quality}, {milliseconds(c['latency_ms_p50'])}, {request_cost(c)}"


def served(serving: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a client saw: of the API, and of the endpoint without the API before it."""

    def line(requests: int, latency_ms: float) -> str:
        return f"{requests} requests, median {milliseconds(latency_ms)}"

    found = [(f"API {serving['route']}", line(serving["requests"], serving["latency_ms_p50"]))]
    if serving["endpoint_requests"]:
        directly = line(serving["endpoint_requests"], serving["endpoint_latency_ms_p50"])
        found.append((f"Endpoint {serving['endpoint']}", f"{directly}, asked directly"))
    if serving.get("conversations"):
        found.append(("", OF_CONVERSATIONS))
    return found
