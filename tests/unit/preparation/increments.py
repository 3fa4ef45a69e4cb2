"""Preparations that build on the one before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pipelines.preparation.identity import assign_split
from pipelines.preparation.increment import find_base
from pipelines.preparation.manifest import build_manifest, check_balance, commit, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings, Split
from pipelines.preparation.storage import Bucket

Prepare = Callable[..., tuple[Written, Destination]]

MakeBucket = Callable[..., Bucket]


def record(text: str, target: str = "the summary") -> bytes:
    return json.dumps({"documentation": text, "summary": target}).encode() + b"\n"


def bridge(split: Split) -> list[str]:
    """Two texts on different sides that are not alike, and one that is like both."""
    for number in range(1000):
        words = [f"word{place}of{number}" for place in range(60)]
        texts = [" ".join(part) for part in (words[10:], words[:-10], words)]
        if assign_split(texts[0], split) != assign_split(texts[1], split):
            return texts
    raise AssertionError("all texts are on one side")


class Workflow:
    """Runs of one data set, each after the other, in one pair of buckets."""

    def __init__(self, prepare: Prepare, bucket: MakeBucket, document: dict[str, Any]) -> None:
        self.prepare, self.bucket, self.document = prepare, bucket, document
        self.buckets = bucket(), bucket()

    def run(self, run_id: str, files: dict[str, bytes], base_run: str = "", **more: Any) -> dict[str, Any]:
        """Prepare and commit; return the manifest."""
        self.document["data"]["base_run"] = base_run
        settings = Settings.from_json(json.dumps(self.document))
        destination = Destination(*self.buckets, f"data/run={run_id}/")
        base = find_base(self.buckets[0], "data", run_id, self.document)
        written, _ = self.prepare(files, settings=settings, base=base, destination=destination, **more)
        check_balance(written, 0, base.kept if base else 0)
        objects = self.bucket(files).objects("")
        source = source_of_run(objects, [], self.document, settings.schema)
        manifest = build_manifest(run_id, "data", written, source, base.run_id if base else None)
        commit(destination, manifest, objects)
        return manifest

    def rows(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The curated records of a run with their splits, by record id."""
        prefix = f"data/run={run_id}/"
        return {
            row["record_id"]: {**row, "split": stored.key.split("/")[2]}
            for stored in self.buckets[0].objects(prefix)
            if "/part-" in stored.key
            for row in map(json.loads, self.buckets[0].read(stored.key).splitlines())
        }
