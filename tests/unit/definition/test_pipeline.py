"""The committed definition is what the SDK renders, fits the service's requests, and names no account or region."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from pipelines.definition.placeholders import PLACEHOLDERS
from pipelines.tuning.metrics import NAMES
from pipelines.tuning.schedule import SCHEDULES
from pipelines.tuning.settings import METHODS, parse_evaluation, parse_training

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "pipelines" / "definition" / "pipeline.json").read_text()
DEFINITION: dict[str, Any] = json.loads(TEXT)
PARAMETERS: dict[str, dict[str, Any]] = {each["Name"]: each for each in DEFINITION["Parameters"]}
STEPS: dict[str, dict[str, Any]] = {step["Name"]: step for step in DEFINITION["Steps"]}
GATE = STEPS["QualityGate"]["Arguments"]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Walk through every object of the definition."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def resolve(value: Any) -> Any:
    """Put values where the stack and the service would: an address for whatever has none of its own."""
    if isinstance(value, str):
        for placeholder in PLACEHOLDERS:
            value = value.replace(placeholder.reference, placeholder.example)
    if isinstance(value, list):
        return [resolve(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Get" in value:
        section, name = value["Get"].split(".", 1)
        return PARAMETERS[name].get("DefaultValue", "s3://bucket/prefix") if section == "Parameters" else "s3://b/x"
    if "Std:Join" in value:
        join = value["Std:Join"]
        return join["On"].join(str(resolve(each)) for each in join["Values"])
    return {key: resolve(each) for key, each in value.items()}


def test_the_file_is_what_the_sdk_renders() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.definition.build", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_placeholder_is_documented_and_used() -> None:
    assert set(re.findall(r"\$\{([^}]+)\}", TEXT)) == {placeholder.name for placeholder in PLACEHOLDERS}


def test_no_account_region_or_time_is_in_it() -> None:
    for placeholder in PLACEHOLDERS:
        assert placeholder.meaning.endswith(".")
        assert placeholder.example not in TEXT or placeholder.name in ("ProjectName", "Environment")
    assert not re.search(r"\b\d{12}\b|\b[a-z]{2}-[a-z]+-\d\b|\b20\d\d-(?!12-01\")\d\d-\d\d", TEXT)


def test_steps_and_branches_are_the_workflows() -> None:
    assert [(step["Name"], step["Type"]) for step in DEFINITION["Steps"]] == [
        ("FineTune", "Training"),
        ("Evaluate", "Processing"),
        ("QualityGate", "Condition"),
    ]
    assert [(step["Name"], step["Type"]) for step in GATE["IfSteps"]] == [("Register", "RegisterModel")]
    assert [(step["Name"], step["Type"]) for step in GATE["ElseSteps"]] == [("QualityGateFailed", "Fail")]


@pytest.mark.parametrize(
    ("operation", "step", "name"),
    [
        ("CreateTrainingJob", STEPS["FineTune"], {"TrainingJobName": "job"}),
        ("CreateProcessingJob", STEPS["Evaluate"], {"ProcessingJobName": "job"}),
        ("CreateModelPackage", GATE["IfSteps"][0], {}),
    ],
)
def test_a_steps_arguments_are_a_request_that_the_service_accepts(
    operation: str, step: dict[str, Any], name: dict[str, str]
) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)
    assert model.input_shape is not None
    report = ParamValidator().validate({**resolve(step["Arguments"]), **name}, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    unknown = set(step["Arguments"]) - set(model.input_shape.members)
    assert not unknown


def test_references_point_to_parameters_and_steps_that_exist() -> None:
    used = set()
    for node in nodes(DEFINITION["Steps"]):
        if "Get" in node:
            section, name = node["Get"].split(".", 1)
            assert section in ("Parameters", "Steps")
            assert (name if section == "Parameters" else name.split(".")[0]) in {**PARAMETERS, **STEPS}
            used.add(name)
    assert set(PARAMETERS) <= used


def test_both_scripts_take_the_arguments_that_their_jobs_get() -> None:
    hyperparameters = resolve(STEPS["FineTune"]["Arguments"]["HyperParameters"])
    assert all(isinstance(value, str) for value in hyperparameters.values())
    own = {key: value for key, value in hyperparameters.items() if not key.startswith("sagemaker_")}
    training = parse_training([word for key, value in own.items() for word in (f"--{key}", value)])
    arguments = resolve(STEPS["Evaluate"]["Arguments"]["AppSpecification"]["ContainerArguments"])
    evaluation = parse_evaluation(arguments)
    assert training.max_length == evaluation.max_length == PARAMETERS["MaxLength"]["DefaultValue"]
    assert evaluation.max_output_tokens == PARAMETERS["MaxOutputTokens"]["DefaultValue"]
    assert training.seed == evaluation.seed == PARAMETERS["Seed"]["DefaultValue"]


def test_prefixes_end_with_a_slash_so_that_no_neighbour_is_read() -> None:
    channels = STEPS["FineTune"]["Arguments"]["InputDataConfig"]
    uris = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in channels}
    inputs = STEPS["Evaluate"]["Arguments"]["ProcessingInputs"]
    uris |= {each["InputName"]: each["S3Input"]["S3Uri"] for each in inputs}
    assert set(uris) == {"train", "validation", "model", "code", "base", "test", "champion"}
    for name in ("train", "validation", "base", "test"):
        assert resolve(uris[name]).endswith("prefix/")
    place = STEPS["FineTune"]["Arguments"]["CheckpointConfig"]["S3Uri"]["Std:Join"]
    assert "".join(place["Values"][i] for i in (0, 2)).endswith("/checkpoints/run=/")
    assert (place["On"], place["Values"][1]) == ("", {"Get": "Parameters.RunId"})


def test_what_the_jobs_write_is_encrypted_with_the_given_key() -> None:
    key = "${KmsKeyArn}"
    assert STEPS["FineTune"]["Arguments"]["OutputDataConfig"]["KmsKeyId"] == key
    assert STEPS["Evaluate"]["Arguments"]["ProcessingOutputConfig"]["KmsKeyId"] == key
    # Instance types with local storage, the default among them, are refused together with a volume key.
    assert "VolumeKmsKeyId" not in TEXT


def test_the_evaluation_has_no_network() -> None:
    assert STEPS["Evaluate"]["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": True}


def test_every_job_is_retried_cached_and_tagged() -> None:
    for name in ("FineTune", "Evaluate"):
        step = STEPS[name]
        retried = {kind for policy in step["RetryPolicies"] for kind in policy["ExceptionType"]}
        assert {"Step.THROTTLING", "SageMaker.CAPACITY_ERROR", "SageMaker.JOB_INTERNAL_ERROR"} <= retried
        assert step["CacheConfig"]["Enabled"]
        assert {tag["Key"] for tag in step["Arguments"]["Tags"]} == {"project", "environment"}


def test_the_gate_holds_the_evaluation_s_verdict_and_its_figures() -> None:
    limits = [(c["Type"], json.dumps(c["LeftValue"]), c["RightValue"]) for c in GATE["Conditions"]]
    assert [(kind, right) for kind, _, right in limits] == [
        ("Equals", "passed"),
        ("GreaterThanOrEqualTo", 0),
        ("GreaterThanOrEqualTo", {"Get": "Parameters.MinimumLossReduction"}),
        ("GreaterThanOrEqualTo", 16),
        ("GreaterThan", 0),
        ("GreaterThan", 0),
    ]
    for (_, left, _), name in zip(
        limits,
        ("verdict", "margin", "loss_reduction_low", "examples", "MinimumMetric", "MinimumLossReduction"),
        strict=True,
    ):
        assert name in left
    message = json.dumps(GATE["ElseSteps"][0]["Arguments"]["ErrorMessage"])
    assert '"message"' in message
    # Texts have no floor: a limit that was not asked for is no reason.
    for limit in ("MinimumLossReduction", "Metric", "MinimumMetric"):
        assert f"Parameters.{limit}" not in message


def test_the_registered_model_waits_for_approval_and_carries_only_its_own_environment() -> None:
    arguments = GATE["IfSteps"][0]["Arguments"]
    assert arguments["ModelApprovalStatus"] == "PendingManualApproval"
    [container] = arguments["InferenceSpecification"]["Containers"]
    assert container["Environment"] == {"SM_LLAMA_CPP_CTX_SIZE": "4096", "SM_LLAMA_CPP_PARALLEL": "1"}
    assert container["ModelDataUrl"] == {"Get": "Steps.FineTune.ModelArtifacts.S3ModelArtifacts"}
    assert resolve(arguments["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]).endswith("/evaluation.json")


def test_choices_of_the_scripts_are_those_of_the_parameters() -> None:
    choices = {"Method": METHODS, "Schedule": SCHEDULES, "Metric": NAMES}
    for name, known in choices.items():
        assert PARAMETERS[name]["EnumValues"] == list(known)


def test_training_knows_by_what_evaluation_will_measure() -> None:
    hyperparameters = STEPS["FineTune"]["Arguments"]["HyperParameters"]
    assert hyperparameters["metric"] == {"Get": "Parameters.Metric"}
