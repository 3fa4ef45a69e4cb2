"""How far the evaluation of the candidates has come, over all of them.

A function's own log shows only once it has ended. Meanwhile each answer of a model of Bedrock is an event of the
twin, and each candidate that is done has left its result in the models bucket.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twin.run.board import Progress
from twin.run.history import Results

RESULT_SUFFIX = ".json"


@dataclass(frozen=True)
class Candidate:
    """A candidate under evaluation: `key` names its result, `label` is for whoever waits."""

    key: str
    label: str
    asks_a_model: bool


@dataclass
class Evaluation:
    """The evaluation of one run's candidates.

    Attributes:
        candidates: all of them, in the order in which they are taken.
        records: how many records each of them answers.
        at_once: how many are evaluated at a time; 0: all.
        results: bucket and prefix of the objects that say that a candidate is done.
        answered: how many answers the models gave since the step began.
        finished: keys of the candidates that are done.
    """

    candidates: Sequence[Candidate]
    records: int
    at_once: int
    results: tuple[str, str]
    answered: int = 0
    finished: frozenset[str] = frozenset()

    def progress(self) -> Progress:
        """Return how many answers there are of all that there will be, and whose are being waited for."""
        done = [c for c in self.candidates if c.key in self.finished]
        of_models = sum(c.asks_a_model for c in self.candidates)
        models_done = sum(c.asks_a_model for c in done)
        # A record that a model refuses gives no event, one that is asked twice may give two: the candidates that
        # are done tell how many answers there are at least, all of them how many at most.
        answers = min(max(self.answered, models_done * self.records), of_models * self.records)
        answers += (len(done) - models_done) * self.records
        waiting = [c.label for c in self.candidates if c.key not in self.finished][: self.at_once or None]
        return Progress("ask", answers, len(self.candidates) * self.records, "answers", " + ".join(waiting))

    def look(self, s3: Any) -> list[dict[str, Any]]:
        """See which candidates are done, and return the results of those that were not before."""
        bucket, prefix = self.results
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        names = {found["Key"].removeprefix(prefix) for page in pages for found in page.get("Contents", [])}
        before = self.finished
        self.finished = frozenset(c.key for c in self.candidates if f"{c.key}{RESULT_SUFFIX}" in names)
        new = [c.key for c in self.candidates if c.key in self.finished - before]
        return [json.load(s3.get_object(Bucket=bucket, Key=f"{prefix}{key}{RESULT_SUFFIX}")["Body"]) for key in new]


def evaluation_of(given: Results, at_once: int) -> Evaluation:
    """Return the evaluation that a run is about to begin, out of what its steps have given before."""
    run, splits = given["ResolveRun"], given["CheckData"]["splits"]
    candidates = [
        Candidate(
            key=f"{c['index']}-{c['model']}-{c['strategy']}",
            label=f"{c['model']} {c['strategy']}",
            asks_a_model=bool(c["model_id"]),
        )
        for c in run["candidates"]
    ]
    place = urlsplit(run["tuning"]["OutputPrefix"])
    results = (place.netloc, f"{place.path.strip('/')}/candidates/")
    return Evaluation(candidates, min(run["sample_size"], splits["validation"]), at_once, results)
