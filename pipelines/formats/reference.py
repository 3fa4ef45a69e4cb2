"""Writes the tables of docs/check_data.md out of the limits and reasons that the check goes by.

python -m pipelines.formats.reference
"""

from collections.abc import Iterator
from pathlib import Path

from pipelines.formats.limits import LIMITS, Bounds, Limits
from pipelines.formats.reasons import Reason
from pipelines.formats.sources import READ, Source

PAGE = Path(__file__).parents[2] / "docs" / "check_data.md"
START = "<!-- From here on written by `python -m pipelines.formats.reference`. -->"


def rendered_page(page: str) -> str:
    """Return the page with its tables brought up to date; what stands before them is kept."""
    head, _, _ = page.partition(START)
    return "\n".join([head.rstrip(), "", START, "", *_limits(), *_sources(), *_reasons()]) + "\n"


def _limits() -> Iterator[str]:
    yield "## Limits"
    yield ""
    yield "An empty cell means that no limit was found in the sources, not that there is none."
    yield ""
    yield "| `--model` | model, method | format | tokens of a record | records | beside that | sources |"
    yield "|---|---|---|---|---|---|---|"
    for row in LIMITS:
        cells = [
            f"`{row.key}`",
            f"{row.name}, {row.method}",
            f"`{row.format}`",
            f"{row.tokens:,}" if row.tokens else "",
            _records(row),
            "; ".join(_beside(row)),
            ", ".join(str(1 + _all_sources().index(source)) for source in row.sources),
        ]
        yield "| " + " | ".join(cells) + " |"


def _records(row: Limits) -> str:
    bounds = {"training": row.training, "validation": row.validation, "together": row.total}
    return ", ".join(f"{name} {_span(bound)}" for name, bound in bounds.items() if bound != Bounds())


def _span(bound: Bounds) -> str:
    if bound.least is None:
        return f"≤ {bound.most:,}"
    return f"≥ {bound.least:,}" if bound.most is None else f"{bound.least:,} to {bound.most:,}"


def _beside(row: Limits) -> Iterator[str]:
    if row.reserved:
        yield f"not in prompts: {_words(row.reserved)}"
    if row.maybe_reserved:
        yield f"warns of, in capitals or not: {_words(row.maybe_reserved)}"
    if row.plain_file_name:
        yield "file name of letters, digits, `_`, `-` and `.`"
    if not row.validation_used:
        yield "uses no validation data"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join("`" + word.replace("\n", "\\n") + "`" for word in words)


def _all_sources() -> list[Source]:
    return list(dict.fromkeys(source for row in LIMITS for source in row.sources))


def _sources() -> Iterator[str]:
    yield ""
    yield f"Sources, which bear no date, as read in {READ}:"
    yield ""
    for number, source in enumerate(_all_sources(), start=1):
        yield f"{number}. [{source.title}]({source.address})"


def _reasons() -> Iterator[str]:
    for heading, warns in (("What is refused", False), ("What is warned of", True)):
        yield ""
        yield f"## {heading}"
        yield ""
        yield "| reason | what to do |"
        yield "|---|---|"
        for reason in Reason:
            if reason.warns is warns:
                yield f"| `{reason.value}` | {reason.remedy} |"


if __name__ == "__main__":
    PAGE.write_text(rendered_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
