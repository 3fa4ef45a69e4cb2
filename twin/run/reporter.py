"""Tell on the board what a run has found: a step's when it is over, a candidate's figures when it is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from twin.run.evaluation import Evaluation
from twin.run.history import Results
from twin.run.news import Measured, News, Prepared, Selected


class Reporter:
    """What is told while an execution is followed.

    Args:
        tell: who is told.
        s3: a client of the account that the run is in.
        results: gives what the run's steps have given so far.
    """

    def __init__(self, tell: Callable[[News], None], s3: Any, results: Callable[[], Results]) -> None:
        self._tell, self._s3, self._results = tell, s3, results

    def look(self, evaluation: Evaluation) -> bool:
        """Tell the figures of the candidates that are done since the last look, and return whether any are."""
        found = evaluation.look(self._s3)
        for figures in found:
            self._tell(Measured(figures))
        return bool(found)

    def left(self, step: str, evaluation: Evaluation | None) -> None:
        """Tell what a step has found; `evaluation` is what went on in it, if anything did."""
        if evaluation is not None:
            self.look(evaluation)
        elif step == "PrepareData":
            self._tell_manifest()
        elif step == "SelectModel" and (selected := self._results().get(step)):
            self._tell(Selected(selected))

    def _tell_manifest(self) -> None:
        resolved = self._results().get("ResolveRun")
        if resolved is None:
            return  # a workflow of another kind
        train = urlsplit(resolved["tuning"]["TrainData"])
        key = f"{train.path.strip('/').removesuffix('train')}manifest.json"
        try:
            body = self._s3.get_object(Bucket=train.netloc, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return  # the next step looks for it, and says that it is missing
        self._tell(Prepared(json.load(body)))
