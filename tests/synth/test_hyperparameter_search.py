"""The pipeline with a search: the twin takes its definition, each trial is the training job, and the best goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cdk_app.checks import Assembly
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.settings import Settings
from cdk_app.settings.search import HYPERPARAMETERS, Search, SearchRange
from pipelines.definition.placeholders import PLACEHOLDERS
from pipelines.tuning.settings import parse_training
from stacks.fine_tuning import DEFINITION
from stacks.hyperparameter_search import searched_parameters, trials_in_a_row, with_search
from tests.synth.optional import optional_assembly
from twin.sagemaker.pipeline.definition import parse
from twin.sagemaker.search import ranges

Json = dict[str, Any]
RENDERED: Json = json.loads(DEFINITION.read_text("utf-8"))
RATE = SearchRange(setting="learning_rate", minimum=1e-5, maximum=1e-3, scale="logarithmic")
RANK = SearchRange(setting="rank", values=(8, 16, 32))
EPOCHS = SearchRange(setting="epochs", minimum=1, maximum=3)


def searching(settings: Settings, *searched: SearchRange, **changes: Any) -> Settings:
    search = Search(ranges=searched or (RATE, RANK, EPOCHS), **changes)
    return settings.model_copy(update={"tuning": settings.tuning.model_copy(update={"search": search})})


def step(definition: Json, name: str) -> Json:
    return next(one for one in definition["Steps"] if one["Name"] == name)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(inner)


def test_without_a_search_the_definition_is_the_rendered_one(settings: Settings) -> None:
    assert settings.tuning.search is None
    assert with_search(RENDERED, settings) == RENDERED
    assert trials_in_a_row(settings) == 1


def test_the_twin_takes_the_definition_with_a_search(settings: Settings) -> None:
    text = json.dumps(with_search(RENDERED, searching(settings)))
    for placeholder in PLACEHOLDERS:
        text = text.replace(placeholder.reference, placeholder.example)
    definition = parse(text)
    assert definition.all_steps["FineTune"].type == "Tuning"
    assert definition.all_steps["Register"].type == "RegisterModel"


def test_a_trial_is_the_training_job_less_what_is_searched(settings: Settings) -> None:
    training = step(RENDERED, "FineTune")["Arguments"]
    arguments = step(with_search(RENDERED, searching(settings)), "FineTune")["Arguments"]
    trial = arguments["TrainingJobDefinition"]
    searched = {"learning_rate", "lora_rank", "epochs"}
    static = trial["StaticHyperParameters"]
    assert static.keys() == (training["HyperParameters"].keys() - searched) | {"checkpoints"}
    for name in ("AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "RoleArn", "StoppingCondition"):
        assert trial[name] == training[name]
    assert arguments["Tags"] == training["Tags"]
    config = arguments["HyperParameterTuningJobConfig"]
    assert config["ParameterRanges"] == {
        "ContinuousParameterRanges": [
            {"Name": "learning_rate", "MinValue": "1e-05", "MaxValue": "0.001", "ScalingType": "Logarithmic"}
        ],
        "IntegerParameterRanges": [{"Name": "epochs", "MinValue": "1", "MaxValue": "3", "ScalingType": "Linear"}],
        "CategoricalParameterRanges": [{"Name": "lora_rank", "Values": ["8", "16", "32"]}],
    }


def test_a_trial_keeps_no_checkpoints_which_nobody_would_read(settings: Settings) -> None:
    trial = step(with_search(RENDERED, searching(settings)), "FineTune")["Arguments"]["TrainingJobDefinition"]
    assert "CheckpointConfig" not in trial
    assert parse_training(["--checkpoints", trial["StaticHyperParameters"]["checkpoints"]]).checkpoints == "none"


def test_strategy_limits_early_stopping_and_seed_are_those_of_the_settings(settings: Settings) -> None:
    asked = searching(settings, trials=6, at_once=2, strategy="random", early_stopping=True)
    config = step(with_search(RENDERED, asked), "FineTune")["Arguments"]["HyperParameterTuningJobConfig"]
    assert config["Strategy"] == "Random"
    assert config["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2}
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert config["RandomSeed"] == settings.tuning.seed
    assert trials_in_a_row(asked) == 3
    assert trials_in_a_row(searching(settings, trials=7, at_once=2)) == 4


def test_the_objective_is_one_of_the_metrics_that_training_prints(settings: Settings) -> None:
    arguments = step(with_search(RENDERED, searching(settings)), "FineTune")["Arguments"]
    objective = arguments["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    metrics = arguments["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    [regex] = [metric["Regex"] for metric in metrics if metric["Name"] == objective["MetricName"]]
    assert objective["Type"] == "Minimize"
    assert re.search(regex, "validation_loss=2.5")
    # What the export prints is no loss of a trial.
    assert not re.search(regex, "quantization_distance=0.001")


def test_every_later_step_reads_the_best_trials_model(settings: Settings) -> None:
    definition = with_search(RENDERED, searching(settings))
    assert "Steps.FineTune.ModelArtifacts.S3ModelArtifacts" in set(texts(RENDERED))
    assert "Steps.FineTune.ModelArtifacts.S3ModelArtifacts" not in set(texts(definition))
    later = [one for one in definition["Steps"] if one["Name"] != "FineTune"]
    assert list(texts(later)).count("Steps.FineTune.BestTrainingJob.TrainingJobName") == 2
    model = step(definition, "Evaluate")["Arguments"]["ProcessingInputs"][1]["S3Input"]["S3Uri"]
    output = step(RENDERED, "FineTune")["Arguments"]["OutputDataConfig"]["S3OutputPath"]
    assert model == {
        "Std:Join": {
            "On": "/",
            "Values": [output, {"Get": "Steps.FineTune.BestTrainingJob.TrainingJobName"}, "output/model.tar.gz"],
        }
    }


def test_every_setting_that_can_be_searched_is_a_hyperparameter_of_training() -> None:
    assert set(HYPERPARAMETERS.values()) <= vars(parse_training([])).keys()
    assert set(HYPERPARAMETERS.values()) <= step(RENDERED, "FineTune")["Arguments"]["HyperParameters"].keys()


def test_the_parameters_that_a_search_chooses_are_those_that_the_training_job_reads(settings: Settings) -> None:
    read = step(RENDERED, "FineTune")["Arguments"]["HyperParameters"]
    for name, hyperparameter in HYPERPARAMETERS.items():
        [parameter] = searched_parameters(searching(settings, SearchRange(setting=name, values=(1, 2))))
        assert f"Parameters.{parameter}" in set(texts(read[hyperparameter]))
    assert searched_parameters(settings) == []


@hypothesis_settings(deadline=None)
@given(st.floats(1e-6, 1e-2), st.floats(1e-6, 1e-2), st.floats(0, 1))
def test_whatever_is_drawn_from_a_range_is_a_value_that_training_takes(
    settings: Settings, one: float, other: float, place: float
) -> None:
    low, high = sorted((one, other))
    rate = SearchRange(setting="learning_rate", minimum=low, maximum=high, scale="logarithmic")
    asked = searching(settings, rate, RANK, EPOCHS)
    config = step(with_search(RENDERED, asked), "FineTune")["Arguments"]["HyperParameterTuningJobConfig"]
    drawn = {searched.name: searched.at(place) for searched in ranges.parse(config["ParameterRanges"])}
    read = parse_training([part for name, value in drawn.items() for part in (f"--{name}", value)])
    assert set(drawn) == {"learning_rate", "lora_rank", "epochs"}
    assert low * (1 - 1e-9) <= read.learning_rate <= high * (1 + 1e-9)
    assert (read.lora_rank, read.epochs) == (int(drawn["lora_rank"]), int(drawn["epochs"]))


@pytest.mark.parametrize(("value", "written"), [(1.0, "1"), (16, "16"), (0.25, "0.25"), ("cosine", "cosine")])
def test_a_value_is_written_as_the_script_reads_it(settings: Settings, value: Any, written: str) -> None:
    schedule = SearchRange(setting="schedule", values=(value, "linear"))
    config = step(with_search(RENDERED, searching(settings, schedule)), "FineTune")["Arguments"]
    [searched] = config["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"]
    assert searched["Values"][0] == written


def roles_that_may(assembly: Assembly, action: str) -> set[str]:
    return {
        statement.owner.properties["Roles"][0]["Ref"]
        for statement in identity_statements(assembly)
        if action in statement.actions
    }


def test_who_runs_and_reads_a_search_may_do_so_and_without_one_nobody(assembly: Assembly) -> None:
    searched = optional_assembly()
    for verb in ("Create", "Describe", "Stop"):
        action = f"sagemaker:{verb}HyperParameterTuningJob"
        assert not roles_that_may(assembly, action)
        assert any("PipelineRole" in role for role in roles_that_may(searched, action))
    reading = roles_that_may(searched, "sagemaker:DescribeHyperParameterTuningJob")
    assert len(reading) == 3  # and the functions that compare and explain
    assert len(roles_that_may(searched, "sagemaker:ListTrainingJobsForHyperParameterTuningJob")) == 2


def test_the_workflow_waits_for_as_many_trials_as_run_one_after_another(assembly: Assembly) -> None:
    def waits_for(found: Assembly) -> set[str]:
        [machine] = found.resources("AWS::StepFunctions::StateMachine")
        text = str(flatten(machine.properties["DefinitionString"]))
        return set(re.findall(r"(\d+) \* \$number\(\$exists\(\$run\.tuning\.MaxWaitSeconds\)", text))

    assert waits_for(assembly) == {"1"}
    assert waits_for(optional_assembly()) == {"3"}
