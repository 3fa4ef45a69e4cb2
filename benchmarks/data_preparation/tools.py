"""Everything that is measured, by name: how to run it over a corpus, and how its run is described."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.data_preparation import peers, quality
from benchmarks.data_preparation.corpus import Corpus
from benchmarks.data_preparation.glue_job import Tick, environment, prepare
from benchmarks.data_preparation.measure import Usage, run


@dataclass(frozen=True)
class Run:
    """One run of one tool over the corpus of one scale.

    Attributes:
        tool: its name in `TOOLS`.
        scale: the corpus's.
        documents: documents in it.
        size: bytes of its files.
        load: the machine's load when the run began: above 0.5 others took part of the processor's caches.
        usage: what it took.
        quality: what it found (`quality.assess`); None for what looks for nothing.
        s3_cpu_s: processor time of the S3 emulator, which is not part of the usage.
    """

    tool: str
    scale: int
    documents: int
    size: int
    load: float
    usage: Usage
    quality: dict[str, Any] | None = None
    s3_cpu_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Run":
        """Read what `to_json` wrote."""
        return cls(**{**document, "usage": Usage(**document["usage"])})


def _job(corpus: Corpus, folder: Path, tick: Tick, *, only_duplicates: bool = False) -> dict[str, Any]:
    usage, found, s3_cpu_s = prepare(corpus, folder, tick, only_duplicates=only_duplicates)
    return {"usage": usage, "quality": quality.assess(corpus, found), "s3_cpu_s": s3_cpu_s}


def _only_duplicates(corpus: Corpus, folder: Path, tick: Tick) -> dict[str, Any]:
    return _job(corpus, folder, tick, only_duplicates=True)


def _datatrove(corpus: Corpus, folder: Path, tick: Tick) -> dict[str, Any]:
    usage, found = peers.run_datatrove(corpus, folder, tick)
    return {"usage": usage, "quality": quality.assess(corpus, found)}


def _text_dedup(corpus: Corpus, folder: Path, tick: Tick) -> dict[str, Any]:
    usage, found = peers.run_text_dedup(corpus, folder, tick)
    return {"usage": usage, "quality": quality.assess(corpus, found)}


def _spark(way: str) -> "Measured":
    def measured(corpus: Corpus, folder: Path, tick: Tick) -> dict[str, Any]:
        script = Path(__file__).parent / "scripts" / "read_and_write.py"
        argv = [sys.executable, str(script), str(corpus.folder), str(folder / "output"), way]
        return {"usage": run(argv, environment(folder, []), folder, tick)}

    return measured


Measured = Callable[[Corpus, Path, Tick], dict[str, Any]]

FOURFOLD, ONLY_DUPLICATES, DATATROVE, TEXT_DEDUP = "fourfold", "fourfold-dedup", "datatrove", "text-dedup"
BASE = ("spark-dataframe", "spark-rdd")

TOOLS: Mapping[str, Measured] = {
    FOURFOLD: _job,
    ONLY_DUPLICATES: _only_duplicates,
    BASE[0]: _spark("dataframe"),
    BASE[1]: _spark("rdd"),
    DATATROVE: _datatrove,
    TEXT_DEDUP: _text_dedup,
}


def measure(tool: str, corpus: Corpus, folder: Path, tick: Tick) -> Run:
    """Run a tool over a corpus in an empty folder, and describe the run."""
    load = round(os.getloadavg()[0], 2)
    return Run(tool, corpus.scale, len(corpus.texts), corpus.size, load, **TOOLS[tool](corpus, folder, tick))
