"""What the rounds show: medians by tool, ratios within a round, targets, and a picture.

On a machine that others use too, one round differs from the next by more than one tool from another; so tools are
compared within each round, and the median of those ratios counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

from benchmarks.inference.load import Sample

ENDPOINT, LLAMA_SERVER, TRANSFORMERS = TOOLS = ("endpoint", "llama-server", "transformers")
# By tool that the endpoint is measured against: the least ratio of tokens by CPU second.
TARGETS = {LLAMA_SERVER: 0.9, TRANSFORMERS: 4.0}
# `generate` makes no batch of requests that come one by one: without a server around it, they wait for one another.
ONE_BY_ONE = "transformers, one after another,"
_HEAD = ("at a time", "tool", "tokens/CPU-s", "lowest", "highest", "tokens/s", "latency s", "MiB", "load", "endpoint's")
_COLOURS = {ENDPOINT: "#0b6e4f", LLAMA_SERVER: "#3a86c8", TRANSFORMERS: "#c8553d"}


@dataclass(frozen=True)
class Verdict:
    """One target: the endpoint's tokens by CPU second over those of another tool, the median over rounds."""

    concurrency: int
    other: str
    ratio: float
    target: float

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.ratio >= self.target

    def __str__(self) -> str:
        met = "met" if self.met else "NOT MET"
        return (
            f"{met:<8} {self.ratio:>5.2f}x  the tokens by CPU second of {self.other} at {self.concurrency} at a time "
            f"(at least {self.target:g}x)"
        )


def ratios(samples: Sequence[Sample], concurrency: int, other: str, others: int | None = None) -> list[float]:
    """Return the endpoint's tokens by CPU second over another tool's, for each round that has both.

    The other tool has as many requests at a time as the endpoint, or `others`.
    """
    rates = {(sample.tool, sample.concurrency, sample.round): sample.tokens_per_cpu_s for sample in samples}
    against = concurrency if others is None else others
    return [
        rate / rates[other, against, number]
        for (tool, level, number), rate in sorted(rates.items())
        if (tool, level) == (ENDPOINT, concurrency) and (other, against, number) in rates
    ]


def judge(samples: Sequence[Sample]) -> list[Verdict]:
    """Return a verdict on each target that was measured."""
    verdicts = []
    for concurrency in sorted({sample.concurrency for sample in samples}):
        for other, target in TARGETS.items():
            if found := ratios(samples, concurrency, other):
                verdicts.append(Verdict(concurrency, other, round(median(found), 3), target))
        if concurrency > 1 and (found := ratios(samples, concurrency, TRANSFORMERS, 1)):
            verdicts.append(Verdict(concurrency, ONE_BY_ONE, round(median(found), 3), TARGETS[TRANSFORMERS]))
    return verdicts


def table(samples: Sequence[Sample]) -> str:
    """Return a row by tool and number of requests at a time."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for concurrency in sorted({sample.concurrency for sample in samples}):
        for tool in TOOLS:
            some = [sample for sample in samples if (sample.concurrency, sample.tool) == (concurrency, tool)]
            if some:
                rows.append(_row(samples, some))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(samples: Sequence[Sample], some: Sequence[Sample]) -> tuple[str, ...]:
    rates = [sample.tokens_per_cpu_s for sample in some]
    first = some[0]
    found = ratios(samples, first.concurrency, first.tool) if first.tool != ENDPOINT else []
    return (
        str(first.concurrency),
        first.tool,
        f"{median(rates):.1f}",
        f"{min(rates):.1f}",
        f"{max(rates):.1f}",
        f"{median(sample.tokens / sample.wall_s for sample in some):.1f}",
        f"{median(sample.latency_s for sample in some):.2f}",
        str(max(sample.rss for sample in some) // 2**20),
        f"{median(sample.load for sample in some):.1f}",
        f"{median(found):.2f}x" if found else "",
    )


def bars(samples: Sequence[Sample]) -> str:
    """Return a picture of the medians as an SVG: a bar by tool, for each number of requests at a time."""
    concurrencies = sorted({sample.concurrency for sample in samples})
    medians = {
        (concurrency, tool): median(rates)
        for concurrency in concurrencies
        for tool in TOOLS
        if (
            rates := [each.tokens_per_cpu_s for each in samples if (each.concurrency, each.tool) == (concurrency, tool)]
        )
    }
    most = max(medians.values())
    pieces, y = [], 28
    for concurrency in concurrencies:
        pieces.append(f'<text x="12" y="{y}" fill="#222">{concurrency} at a time</text>')
        for tool in TOOLS:
            if (concurrency, tool) in medians:
                y += 26
                pieces += _bar(tool, medians[concurrency, tool], most, y)
        y += 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {y}" font-family="system-ui, sans-serif" '
        f'font-size="13">\n<rect width="640" height="{y}" fill="white"/>\n' + "\n".join(pieces) + "\n"
        f'<text x="12" y="{y - 12}" fill="#555">tokens by second of processor time, median of rounds</text>\n'
        "</svg>\n"
    )


def _bar(tool: str, value: float, most: float, y: int) -> list[str]:
    width = 400 * value / most
    return [
        f'<text x="120" y="{y}" text-anchor="end" fill="#555">{escape(tool)}</text>',
        f'<rect x="130" y="{y - 13}" width="{width:.1f}" height="17" fill="{_COLOURS[tool]}"/>',
        f'<text x="{136 + width:.1f}" y="{y}" fill="#222">{value:.0f}</text>',
    ]
