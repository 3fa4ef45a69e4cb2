"""The command: `python -m benchmarks.data_preparation`."""

import argparse
import importlib.metadata
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from benchmarks.data_preparation import corpus, peers, report
from benchmarks.data_preparation.corpus import Corpus, TooFewDocuments
from benchmarks.data_preparation.folders import RESULTS, ROOT
from benchmarks.data_preparation.manuals import MissingManuals
from benchmarks.data_preparation.measure import RunFailed
from benchmarks.data_preparation.tools import DATATROVE, FOURFOLD, TEXT_DEDUP, TOOLS, Run, measure

_SCALES, _OTHER_SCALES = (1, 2, 4, 8), (1, 8)
_BUSY = 0.7


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for; return 1 where something could not be had or failed."""
    options = _options(argv)
    try:
        _measure(options)
    except (MissingManuals, TooFewDocuments, RunFailed) as error:
        _say(f"\n{error}")
        return 1
    return 0


def _measure(options: argparse.Namespace) -> None:
    found = corpus.collect(not options.without_manuals, _say)
    for peer in {DATATROVE, TEXT_DEDUP} & set(options.tools):
        _say(f"Having the environment of {peer}…")
        peers.python_of(peer)
    plan = list(_plan(options.tools, options.scale))
    runs = [run for run in report.load(RESULTS) if (run.tool, run.scale) not in plan] if options.add else []

    @cache
    def corpus_of(scale: int) -> Corpus:
        folder = RESULTS / f"corpus-{scale}x"
        shutil.rmtree(folder, ignore_errors=True)
        return corpus.write(scale, found, folder)

    for number, (tool, scale) in enumerate(plan, start=1):
        title = f"[{number}/{len(plan)}] {tool} {f'{scale}x' if scale else 'start'}"
        run = _one(tool, corpus_of(scale), RESULTS / f"run-{tool}", title, options.keep)
        runs.append(run)
        report.save(runs, RESULTS, _versions())
    order = list(TOOLS)
    print(f"\n{report.table(sorted(runs, key=lambda run: (order.index(run.tool), run.scale)))}\n")
    _say(f"{RESULTS.relative_to(ROOT)} has results.json and plot.svg.")


def _plan(tools: Sequence[str], scales: Sequence[int] | None) -> Iterator[tuple[str, int]]:
    """Yield what to run: the job at every scale and once to see what its start costs, the others at the ends."""
    for tool in tools:
        if tool == FOURFOLD:
            yield tool, 0
        for scale in scales or (_SCALES if tool == FOURFOLD else _OTHER_SCALES):
            yield tool, scale


def _one(tool: str, data: Corpus, folder: Path, title: str, keep: bool) -> Run:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def tick(seconds: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{title}  {seconds:5.0f} s", end="", file=sys.stderr, flush=True)

    run = measure(tool, data, folder, tick)
    busy = f"  The machine was busy (load {run.load}): take the figures for what they are." if run.load > _BUSY else ""
    start = "\r" if sys.stderr.isatty() else ""
    _say(f"{start}{title}: {run.usage.cpu_s:.1f} CPU s, {run.usage.wall_s:.1f} s.{busy}")
    if not keep:
        shutil.rmtree(folder)
    return run


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("pyspark", "numpy", "botocore")}


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.data_preparation",
        description="Measure the preparation of data against other tools, on the same documents.",
    )
    parser.add_argument("--tools", type=_tools, default=list(TOOLS), help=f"of {','.join(TOOLS)} (default: all)")
    parser.add_argument(
        "--scale",
        type=lambda text: sorted({int(part.strip(" x")) for part in text.split(",")}),
        help="such as 1 or 1,8; 1 is about 7 MB (default: 1,2,4,8 for fourfold, 1,8 for the others)",
    )
    parser.add_argument("--add", action="store_true", help="keep what results.json has of other tools and scales")
    parser.add_argument("--keep", action="store_true", help="keep each tool's last output and log beside the results")
    parser.add_argument(
        "--without-manuals", action="store_true", help="take documents from botocore alone, without Debian's manuals"
    )
    return parser.parse_args(argv)


def _tools(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in TOOLS]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; choose from {', '.join(TOOLS)}")
    return names


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
