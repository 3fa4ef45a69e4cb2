"""Fourfold's Glue job as Glue runs it: the script alone in a folder, its modules in a zip, real Spark, an S3."""

import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data_preparation import s3
from benchmarks.data_preparation.corpus import Corpus
from benchmarks.data_preparation.findings import Findings, joined
from benchmarks.data_preparation.folders import ROOT
from benchmarks.data_preparation.measure import Usage, run
from cdk_app.settings import load_settings, run_settings
from twin.glue.spark import spark_environment

TASKS = 2
"""Tasks at a time, for every tool."""
_RUN = "benchmark/run=one/"
_SAME_TEXT = re.compile(r"the same text as line (\d+) of (\S+)")

Tick = Callable[[float], None]


def environment(folder: Path, modules: list[Path]) -> dict[str, str]:
    """Return the environment in which the twin starts Spark."""
    return {"PATH": os.environ["PATH"], **spark_environment(folder, modules, TASKS, {})}


def settings(*, only_duplicates: bool) -> dict[str, Any]:
    """Return the settings of the repository's workflow.yaml, with this benchmark's columns.

    With `only_duplicates` the filters are as wide as they go, nothing is asked of the target, and personal data is not
    looked for.
    """
    defaults: dict[str, Any] = run_settings(load_settings(ROOT / "workflow.yaml", "dev"))["defaults"]
    data, task = defaults["data"], defaults["task"]
    data["columns"] = {**data["columns"], "text": "text", "target": "target"}
    # The other tools run without these rules, which refuse some of the documents that are planted.
    data["quality"] |= dict.fromkeys(("gopher", "c4", "fineweb"), False)
    if only_duplicates:
        task["kind"] = "generation"
        widest = {"min_words": 1, "max_words": 10**6, "min_target_words": 1, "max_target_words": 10**6}
        data["filters"].update(widest, max_symbol_ratio=1.0)
        data["personal_data"] = "off"
    return {"task": task, "data": data}


def prepare(corpus: Corpus, folder: Path, tick: Tick, *, only_duplicates: bool) -> tuple[Usage, Findings, float]:
    """Run the job over a corpus; return what it took, what it found, and the processor time of the S3."""
    shutil.copy(ROOT / "pipelines/preparation/job.py", folder)
    with zipfile.ZipFile(folder / "modules.zip", "w") as modules:
        for path in sorted((ROOT / "pipelines").glob("**/*.py")):
            modules.write(path, path.relative_to(ROOT))
    with s3.local_s3(folder) as store:
        for path in corpus.files:
            if not (only_duplicates and path.name == "broken.jsonl"):
                store.client.put_object(Bucket=s3.RAW, Key=f"benchmark/{path.name}", Body=path.read_bytes())
        arguments = ["--run_id", "one", "--dataset", "benchmark", "--JOB_NAME", "prepare-data"]
        arguments += [part for name in s3.BUCKETS for part in (f"--{name}_bucket", name)]
        arguments += ["--settings", json.dumps(settings(only_duplicates=only_duplicates))]
        before = store.cpu_s
        usage = run(
            [sys.executable, str(folder / "job.py"), *arguments],
            {**environment(folder, [folder / "modules.zip"]), **store.environment},
            folder,
            tick,
        )
        return usage, _findings(store, corpus), round(store.cpu_s - before, 2)


def _findings(store: s3.LocalS3, corpus: Corpus) -> Findings:
    kept: dict[str, str] = {}
    for split in ("train", "validation", "test"):
        for _, line in store.lines(s3.CURATED, f"{_RUN}{split}/"):
            record = json.loads(line)
            kept[record["record_id"]] = _id(corpus, record["source"])
    found, pairs = Findings(), []
    for key, line in store.lines(s3.QUARANTINE, _RUN):
        record = json.loads(line)
        identity = _id(corpus, record["source"])
        if "duplicate_of" not in record:
            found.filtered.add(identity)
            continue
        found.removed.add(identity)
        original = kept.get(record["duplicate_of"])
        if original is None and "/reason=duplicate/" in key:  # its like was taken out too, as a near-duplicate
            same = _SAME_TEXT.fullmatch(record["detail"])
            if same is None:
                raise ValueError(f"A duplicate's detail no longer says what it is the same as: {record['detail']!r}")
            original = _id(corpus, {"key": same[2], "line": int(same[1])})
        pairs.append((identity, original or f"record {record['duplicate_of']}"))
    found.cluster = joined(pairs)
    return found


def _id(corpus: Corpus, source: dict[str, Any]) -> str:
    name = source["key"].rsplit("/", 1)[-1]
    return corpus.places.get((name, source["line"]), f"{name}:{source['line']}")
