"""Metrics that a training job prints, found by the regular expressions of its metric definitions."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_MOST_IN_A_REQUEST = 500


class Metrics:
    """The values so far, oldest first, as CloudWatch takes them."""

    def __init__(self, definitions: Sequence[Mapping[str, str]], job: str) -> None:
        """`definitions` are {"Name", "Regex"}, whose first group is the value."""
        self._patterns = {definition["Name"]: re.compile(definition["Regex"]) for definition in definitions}
        self._dimensions = [{"Name": "TrainingJobName", "Value": job}]
        self._data: list[dict[str, Any]] = []

    def take(self, line: str) -> dict[str, float]:
        """The metrics in a line of the log; they are kept."""
        found: dict[str, float] = {}
        for name, pattern in self._patterns.items():
            if matched := pattern.search(line):
                try:
                    found[name] = float(matched.group(1))
                except (ValueError, IndexError):
                    continue  # the service too passes over what is no number
        now = time.time()
        self._data += [
            {"MetricName": name, "Value": value, "Timestamp": now, "Dimensions": self._dimensions}
            for name, value in found.items()
        ]
        return found

    def values(self, name: str) -> list[float]:
        """The values of one metric so far, oldest first."""
        return [datum["Value"] for datum in list(self._data) if datum["MetricName"] == name]

    def final(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric."""
        last = {datum["MetricName"]: datum for datum in self._data}
        return [{key: datum[key] for key in ("MetricName", "Value", "Timestamp")} for datum in last.values()]

    def publish(self, cloudwatch: Any) -> None:
        """Put all values to CloudWatch. Raises botocore's ClientError when the role may not."""
        for start in range(0, len(self._data), _MOST_IN_A_REQUEST):
            batch = self._data[start : start + _MOST_IN_A_REQUEST]
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=batch)
