"""Where the processor time of the preparation goes: `python -m benchmarks.data_preparation.profile --scale 8`.

Runs the job on Spark and splits its time by process; then runs the functions that Spark's workers run once more, in one
process and without Spark, and takes the time of each. What the workers take beyond that is what Spark has them do:
start, import, and turn rows to bytes and back.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.data_preparation import corpus, s3
from benchmarks.data_preparation.corpus import Corpus
from benchmarks.data_preparation.folders import RESULTS
from benchmarks.data_preparation.glue_job import prepare, settings
from pipelines.preparation.curation import OF_ONE_RECORD, Tally, curate
from pipelines.preparation.near_shuffle import mark_near_duplicates, split_marks
from pipelines.preparation.parts import Destination, write_rows
from pipelines.preparation.reading.chunks import plan_chunks
from pipelines.preparation.reading.records import read_chunk
from pipelines.preparation.settings import Settings
from pipelines.preparation.shuffle import count_parts, keyed, place
from pipelines.preparation.storage import Bucket
from tests.unit.preparation.local_rdd import LocalRdd

_BATCH = 1024
_UNPICKLED = 4
"""How often a row is read from a shuffle: to be sorted, for its bands, for its shingles, and to be written."""


class Clock:
    """Processor seconds of this process by what they were spent on."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count the body's time."""
        began = time.process_time()
        try:
            yield
        finally:
            self.spent[what] += time.process_time() - began


class TimedTally(Tally):
    """A tally that takes the time of each stage."""

    clock: Clock

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count and time the body."""
        with self.clock.on(f"stage {name}"), super().stage(name):
            yield


def of_workers(data: Corpus, folder: Path) -> dict[str, float]:
    """Run what the workers run, and return the time of each part."""
    document = settings(only_duplicates=False)
    wanted = Settings.from_json(json.dumps(document))
    clock, tally = Clock(), TimedTally()
    tally.clock = clock
    with s3.local_s3(folder) as store:
        for path in data.files:
            store.client.put_object(Bucket=s3.RAW, Key=f"benchmark/{path.name}", Body=path.read_bytes())
        os.environ.update(store.environment)
        raw, curated, quarantine = map(Bucket, s3.BUCKETS)
        with clock.on("read the files"):
            chunks = plan_chunks(raw.objects("benchmark/"), 10**9)
            lines = [line for chunk in chunks for line in read_chunk(chunk, raw, 10**6, wanted.schema)]
        with clock.on("curate"):
            rows = [keyed(curate(line, wanted, tally)) for line in lines]
        clock.spent["record, digest and side"] = clock.spent.pop("curate") - sum(
            clock.spent[f"stage {name}"] for name in OF_ONE_RECORD
        )
        with clock.on("rows to bytes"):
            packed = [pickle.dumps(rows[n : n + _BATCH], 5) for n in range(0, len(rows), _BATCH)]
        with clock.on("bytes to rows, once"):
            rows = [row for batch in packed for row in pickle.loads(batch)]  # noqa: S301  (its own bytes)
        clock.spent[f"bytes to rows, {_UNPICKLED} times"] = _UNPICKLED * clock.spent.pop("bytes to rows, once")
        partitions = count_parts(data.size)
        to_partition = partial(place, partitions=partitions)
        moved = LocalRdd([rows], random.Random(1)).partitionBy(partitions, to_partition)
        with clock.on("sort"):
            ordered = [sorted(partition, key=lambda row: row[0]) for partition in moved.partitions]
        placed: Any = LocalRdd(ordered, moved.draw, to_partition)
        with clock.on("near-duplicates"):
            placed = mark_near_duplicates(placed, to_partition, wanted.near_duplicates)
        destination = Destination(curated, quarantine, "benchmark/run=profile/")
        with clock.on("compare, write and upload"):
            for partition, elements in enumerate(placed.partitions):
                marks, found = split_marks(elements)
                write_rows(partition, (row for _, row in found), marks, wanted, destination)
    return clock.spent


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_preparation.profile", description=__doc__)
    parser.add_argument("--scale", type=int, default=8, help="size of the corpus, in 7 MB")
    scale = parser.parse_args().scale
    folder = RESULTS / "profile"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = corpus.collect(with_manuals=True, say=lambda text: print(text, flush=True))
    start, whole = (corpus.write(size, found, folder / f"corpus-{size}x") for size in (0, scale))
    first, _, _ = prepare(start, _fresh(folder / "start"), lambda _seconds: None, only_duplicates=False)
    usage, _, _ = prepare(whole, _fresh(folder / "run"), lambda _seconds: None, only_duplicates=False)
    spent = of_workers(whole, _fresh(folder / "here"))
    rows = [("driver", usage.driver_cpu_s), ("JVM", usage.jvm_cpu_s), ("workers", usage.workers_cpu_s)]
    starting = {"driver": first.driver_cpu_s, "JVM": first.jvm_cpu_s, "workers": first.workers_cpu_s}
    print(f"\n{whole.size / 1e6:.1f} MB, {usage.cpu_s:.1f} CPU s, {first.cpu_s:.1f} of them over twenty documents")
    for name, seconds in rows:
        print(f"{name:<34} {seconds:6.1f}  {seconds / usage.cpu_s:5.0%}   start {starting[name]:.1f}")
    print(f"\nThe workers' functions, in one process without Spark: {sum(spent.values()):.1f} CPU s")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{name:<34} {seconds:6.2f}  {seconds / usage.cpu_s:5.0%}")
    shutil.rmtree(folder)


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
