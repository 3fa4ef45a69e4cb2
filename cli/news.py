"""What a run has found, in lines for a terminal: in the words of the figures at its end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from cli.figures import candidate, records
from cli.say import say
from twin.report.removals import in_a_line, removals
from twin.report.wording import selection_reason
from twin.run.news import Begun, Measured, News, Prepared, Selected, WentOn


class NewsLines:
    """Prints a line of each."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, news: News) -> None:
        for line, style in _lines(news):
            say(line, self._console, style)


def _lines(news: News) -> Iterator[tuple[str, str]]:
    match news:
        case Begun(run_id, again):
            yield f"Run {run_id}{', resumed' if again else ''}", "bold"
        case Prepared(manifest):
            yield f"Records: {records(manifest)}", ""
            for removal in removals(manifest):
                yield in_a_line(removal), "yellow"
        case Measured(figures):
            yield ": ".join(candidate(figures)), ""
        case Selected(selected):
            yield f"Selection: {selection_reason(selected)}", ""
        case WentOn():
            yield went_on(news), ""


def went_on(news: WentOn) -> str:
    """Say from which step training goes on, and how many are done again."""
    if not news.step:
        return f"Training begins anew, with no checkpoint to go on from: {_again(news.again or 0)}."
    again = "" if news.again is None else f" ({_again(news.again)})"
    return f"Training goes on from step {news.step:,} of {news.steps:,}{again}."


def _again(steps: int) -> str:
    return f"{steps or 'no'} step{' is' if steps < 2 else 's are'} done again"
