"""Read what a run left in its buckets; a step that never came left nothing, and that is no error here."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from twin.report.search import search_of

EXPLANATION = ("reason", "detail", "source", "bytes", "duplicate_of")
"""What a report may say of a rejected record. Its text may not leave quarantine: nothing in it is redacted."""


class Artefacts:
    """The objects of one run.

    Args:
        s3: an S3 client of the emulator.
        outputs: the stacks' outputs, by name.
        dataset: the data set's name.
        run_id: the run's id.
        sagemaker: a SageMaker client of the emulator; without one, a search is not looked for.
    """

    def __init__(
        self, s3: Any, outputs: dict[str, str], dataset: str, run_id: str, sagemaker: Any | None = None
    ) -> None:
        self._s3, self._sagemaker, self._outputs, self._run_id = s3, sagemaker, outputs, run_id
        self._curated, self._quarantine = outputs["CuratedBucketName"], outputs["QuarantineBucketName"]
        self._models = outputs["ModelsBucketName"]
        self._data, self._run = f"{dataset}/run={run_id}", f"run={run_id}"

    def manifest(self) -> dict[str, Any] | None:
        """Return the preparation's manifest."""
        return self._json(self._curated, f"{self._data}/manifest.json")

    def data_card(self) -> str | None:
        """Return the data card, a page of its own."""
        body = self._object(self._curated, f"{self._data}/data_card.html")
        return body.read().decode() if body is not None else None

    def candidates(self) -> list[dict[str, Any]]:
        """Return each candidate's result, in the order of the settings; what else lies there begins with no number."""
        prefix = f"{self._run}/candidates/"
        named = re.compile(rf"{re.escape(prefix)}\d+-[^/]*\.json")
        keys = [key for key in self._keys(self._models, prefix) if named.fullmatch(key)]
        found = [self._json(self._models, key) for key in sorted(keys)]
        return [result for result in found if result is not None]

    def model_card(self) -> dict[str, Any] | None:
        """Return what stands on the registered model's card."""
        return self._json(self._models, f"{self._run}/evaluation/model_card.json")

    def evaluation(self) -> dict[str, Any] | None:
        """Return the tuned model's evaluation beside the base model's."""
        return self._json(self._models, f"{self._run}/evaluation/evaluation.json")

    def predictions(self) -> list[dict[str, Any]]:
        """Return the test examples with the answers of the base and of the tuned model."""
        body = self._object(self._models, f"{self._run}/evaluation/predictions.jsonl")
        return [json.loads(line) for line in body.iter_lines()] if body is not None else []

    def search(self) -> dict[str, Any] | None:
        """Return what a search of hyperparameters tried."""
        if self._sagemaker is None or "PipelineName" not in self._outputs:
            return None
        return search_of(self._sagemaker, self._outputs["PipelineName"], self._run_id)

    def training(self, job: str = "") -> dict[str, Any] | None:
        """Return `training.json` out of the model archive, of that job where there were several.

        Reads no further than it must.
        """
        for key in self._keys(self._models, f"{self._run}/training/"):
            if not key.endswith("/model.tar.gz") or f"/{job}" not in key:
                continue
            body = self._object(self._models, key)
            with tarfile.open(fileobj=body, mode="r|gz") as archive:
                for member in archive:
                    if member.name.removeprefix("./") == "training.json":
                        file = archive.extractfile(member)
                        return json.load(file) if file is not None else None
        return None

    @property
    def quarantine(self) -> str:
        """Where the rejected records lie, a folder for each reason."""
        return f"s3://{self._quarantine}/{self._data}/"

    def rejected(self, reason: str, limit: int) -> list[dict[str, Any]]:
        """Return where the first records rejected for a reason come from and what was wrong, without their text."""
        records: list[dict[str, Any]] = []
        for key in self._keys(self._quarantine, f"{self._data}/reason={reason}/"):
            for line in self._object(self._quarantine, key).iter_lines():
                record = json.loads(line)
                records.append({name: record[name] for name in EXPLANATION if name in record})
                if len(records) == limit:
                    return records
        return records

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield found["Key"]

    def _object(self, bucket: str, key: str) -> Any:
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise

    def _json(self, bucket: str, key: str) -> dict[str, Any] | None:
        body = self._object(bucket, key)
        return json.load(body) if body is not None else None
