"""The pipeline's condition, run by the twin's own engine over the committed definition and a gate file.

Whatever the file lacks, nothing is registered; what the evaluation wrote of a refused model is in the failure.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.definition.placeholders import PLACEHOLDERS
from pipelines.tuning import gate as judged
from twin.sagemaker.pipeline.definition import parse
from twin.sagemaker.pipeline.engine import Engine, StepState
from twin.sagemaker.pipeline.expressions import Values
from twin.sagemaker.pipeline.parameters import values
from twin.sagemaker.pipeline.steps import Step

DEFINITION = Path(__file__).parents[3] / "pipelines" / "definition" / "pipeline.json"
GATE = {"verdict": "passed", "message": "", "margin": 0.02, "loss_reduction_low": 0.2, "examples": 64}
GIVEN = {
    "RunId": "run-1",
    **dict.fromkeys(("TrainData", "ValidationData", "TestData", "BaseModel", "OutputPrefix"), "s3://b/x"),
    "ChampionModel": "s3://b/x/config.json",
}


class Executor:
    """Does nothing but note which steps were asked for."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def recall(self, step: Step, arguments: dict[str, Any]) -> None:
        return None

    def execute(self, step: Step, arguments: Any, state: StepState, stop: threading.Event) -> dict[str, Any]:
        self.begun.append(step.name)
        artifacts = {"ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"}}
        output = {"OutputName": "evaluation", "S3Output": {"S3Uri": "s3://b/evaluation"}}
        return {**artifacts, "ProcessingOutputConfig": {"Outputs": [output]}}


def spawn(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def run(gate: dict[str, Any], **parameters: str) -> tuple[str, list[str], dict[str, str]]:
    """Give the outcome, the steps that did something, and the reasons of those that failed."""
    text = DEFINITION.read_text()
    for placeholder in PLACEHOLDERS:
        text = text.replace(placeholder.reference, placeholder.example)
    definition, executor = parse(text), Executor()
    known = Values(values(definition.parameters, GIVEN | parameters), {})
    known.load_property_file = lambda _step, _name: gate
    engine = Engine(definition, known, executor, spawn)
    outcome = engine.run()
    failed = {name: state.failure_reason or "" for name, state in engine.states.items() if state.status == "Failed"}
    return outcome, executor.begun, failed


def test_a_model_that_passed_is_registered() -> None:
    assert run(GATE) == ("Succeeded", ["FineTune", "Evaluate", "Register"], {})


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        ({"verdict": "refused", "message": "5 test examples tell nothing"}, {}),
        ({"verdict": "Passed"}, {}),
        ({"margin": -0.001}, {}),
        ({"loss_reduction_low": 0.04}, {}),
        ({"examples": 5}, {}),
        ({"margin": float("nan")}, {}),
        ({"loss_reduction_low": float("nan")}, {}),
        ({}, {"MinimumMetric": "0"}),
        ({}, {"MinimumMetric": "nan"}),
        ({}, {"MinimumMetric": "-1"}),
        ({}, {"MinimumLossReduction": "0"}),
    ],
    ids=str,
)
def test_what_does_not_pass_ends_in_the_gate_with_the_evaluation_s_reasons(
    change: dict[str, Any], parameters: dict[str, str]
) -> None:
    outcome, begun, failed = run(GATE | change, **parameters)

    assert (outcome, begun, list(failed)) == ("Failed", ["FineTune", "Evaluate"], ["QualityGateFailed"])
    said = failed["QualityGateFailed"]
    assert said.startswith("The tuned model did not clear the quality gate. ")
    assert str(change.get("message", "")) in said
    assert said.endswith("Every figure is in s3://b/x/evaluation/evaluation.json.")


@pytest.mark.parametrize("missing", sorted(GATE))
def test_a_figure_that_is_missing_fails_the_condition_and_registers_nothing(missing: str) -> None:
    outcome, begun, failed = run({name: figure for name, figure in GATE.items() if name != missing})

    if missing == "message":  # it is only asked for where the model is refused
        assert outcome == "Succeeded"
        return
    assert (outcome, begun) == ("Failed", ["FineTune", "Evaluate"])
    assert f"There is no '{missing}'" in failed["QualityGate"]


def test_a_figure_that_is_no_number_fails_the_condition() -> None:
    outcome, begun, failed = run(GATE | {"margin": "0.5"})

    assert (outcome, begun) == ("Failed", ["FineTune", "Evaluate"])
    assert "cannot compare" in failed["QualityGate"]


def test_the_condition_and_the_job_ask_for_as_many_examples() -> None:
    [gate] = [step for step in json.loads(DEFINITION.read_text())["Steps"] if step["Name"] == "QualityGate"]
    asked = [one["RightValue"] for one in gate["Arguments"]["Conditions"] if '"examples"' in json.dumps(one)]
    assert asked == [judged.FEWEST_EXAMPLES]
