"""The trials of a search on the page: each with what it was given, and the best marked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twin.report.charts import draw_search
from twin.report.page import render
from twin.report.search import search_of

BEGAN = datetime(2026, 11, 26, tzinfo=UTC)


def trial(number: int, value: float | None, status: str = "Completed") -> dict[str, Any]:
    return {
        "name": f"s-{number:03d}",
        "status": status,
        "value": value,
        "values": {"learning_rate": f"0.00{number}", "lora_rank": "8"},
        "seconds": 12.0,
        "reason": "AlgorithmError: <too fast>" if status == "Failed" else None,
    }


def search(*trials: dict[str, Any], best: str | None = None) -> dict[str, Any]:
    return {
        "metric": "validation:loss", "lower_is_better": True, "strategy": "bayesian", "best": best, "trials": [*trials]
    }  # fmt: skip


def test_every_trial_is_on_the_page_and_the_best_is_marked(whole: dict[str, Any]) -> None:
    tried = search(trial(1, 2.9), trial(2, 2.5), trial(3, None, "Failed"), best="s-002")
    page = render(whole | {"search": tried})
    assert "3 trials, bayesian; validation:loss, lower is better" in page
    assert "best: 2.500" in page
    assert "<td>2</td><td>0.002</td><td>8</td><td>2.5000</td><td>12</td><td>best</td>" in page
    assert "failed: AlgorithmError: &lt;too fast&gt;" in page


def test_without_a_search_nothing_is_said_of_one(whole: dict[str, Any]) -> None:
    assert "what was tried" not in render(whole)


def test_a_search_of_which_nothing_came_has_no_drawing(whole: dict[str, Any]) -> None:
    tried = search(trial(1, None, "Failed"), trial(2, None, "Failed"))
    assert draw_search(tried) is None
    assert "2 trials" in render(whole | {"search": tried})


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.booleans())
def test_every_trial_with_a_value_is_a_dot_within_the_drawing(values: list[float], lower_is_better: bool) -> None:
    tried = search(*(trial(number, value) for number, value in enumerate(values))) | {
        "lower_is_better": lower_is_better
    }
    svg = draw_search(tried)
    assert svg is not None
    places = re.findall(r'<circle class="[^"]+" cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert len(places) == len(values)
    assert all(0 < float(x) < 920 and 0 < float(y) < 220 for x, y in places)


class SageMaker:
    """A client with one execution, `r-1`, whose FineTune step was a search of two trials."""

    def get_paginator(self, operation: str) -> Any:
        pages: dict[str, dict[str, Any]] = {
            "list_pipeline_executions": {
                "PipelineExecutionSummaries": [
                    {"PipelineExecutionArn": "other", "PipelineExecutionDisplayName": "r-0"},
                    {"PipelineExecutionArn": "own", "PipelineExecutionDisplayName": "r-1"},
                ]
            },
            "list_pipeline_execution_steps": {
                "PipelineExecutionSteps": [
                    {"StepName": "QualityGate", "Metadata": {"Condition": {"Outcome": "True"}}},
                    {
                        "StepName": "FineTune",
                        "Metadata": {"TuningJob": {"Arn": "arn:a:b:hyper-parameter-tuning-job/s"}},
                    },
                ]
            },
            "list_training_jobs_for_hyper_parameter_tuning_job": {
                "TrainingJobSummaries": [
                    {
                        "TrainingJobName": "s-001",
                        "TrainingJobStatus": "Completed",
                        "TunedHyperParameters": {"lora_rank": "8", "learning_rate": "0.001"},
                        "FinalHyperParameterTuningJobObjectiveMetric": {"Value": 2.5},
                        "TrainingStartTime": BEGAN,
                        "TrainingEndTime": BEGAN + timedelta(seconds=90),
                    },
                    {
                        "TrainingJobName": "s-002",
                        "TrainingJobStatus": "InProgress",
                        "TunedHyperParameters": {"lora_rank": "4", "learning_rate": "0.01"},
                    },
                ]
            },
        }

        class Pages:
            def paginate(self, **asked: str) -> list[dict[str, Any]]:
                assert asked.get("PipelineExecutionArn", "own") == "own"
                return [pages[operation]]

        return Pages()

    def describe_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> dict[str, Any]:  # noqa: N803
        assert HyperParameterTuningJobName == "s"
        objective = {"Type": "Minimize", "MetricName": "validation:loss"}
        config = {"Strategy": "Bayesian", "HyperParameterTuningJobObjective": objective}
        return {"HyperParameterTuningJobConfig": config, "BestTrainingJob": {"TrainingJobName": "s-001"}}


def test_the_search_of_a_run_is_found_through_its_own_execution() -> None:
    found = search_of(SageMaker(), "pipeline", "r_1")
    assert found is not None
    assert (found["best"], found["strategy"], found["lower_is_better"]) == ("s-001", "bayesian", True)
    assert [(one["value"], one["seconds"], one["status"]) for one in found["trials"]] == [
        (2.5, 90.0, "Completed"),
        (None, None, "InProgress"),
    ]
    assert list(found["trials"][0]["values"]) == ["learning_rate", "lora_rank"]
    assert search_of(SageMaker(), "pipeline", "r-2") is None
