"""The pipeline with automatic model tuning: its training step becomes a tuning step of as many trials.

A trial is the training job that the step would have been, with some hyperparameters taken out of it and put into
ranges. So whatever is added to training is there in a search as well. The steps after it read the model of the best
trial where they read the training job's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_iam as iam

from cdk_app.constructs.grants import allow
from cdk_app.settings import Settings
from cdk_app.settings.search import HYPERPARAMETERS, Search, SearchRange

Json = dict[str, Any]
STEP = "FineTune"
OBJECTIVE = {"Type": "Minimize", "MetricName": "validation:loss"}
_ARTIFACT = {"Get": f"Steps.{STEP}.ModelArtifacts.S3ModelArtifacts"}
_BEST = {"Get": f"Steps.{STEP}.BestTrainingJob.TrainingJobName"}
# A trial begins anew after an interruption: where several share an address for checkpoints is not documented.
# So training is told to keep none: the time and the disk would be for nobody.
_OF_A_TRIAL = {"checkpoints": "none"}
_NOT_OF_A_TRIAL = ("HyperParameters", "Tags", "CheckpointConfig", "ProfilerConfig", "RemoteDebugConfig")
_SCALES = {"linear": "Linear", "logarithmic": "Logarithmic"}
_INTEGERS = {"epochs", "batch_size", "rank", "alpha", "trained_layers"}


def with_search(definition: Mapping[str, Any], settings: Settings) -> Json:
    """Give the definition with a tuning step in the place of its training step, where the settings ask for one."""
    search = settings.tuning.search
    if search is None:
        return dict(definition)
    seed = settings.tuning.seed
    steps = [_tuning_step(step, search, seed) if step["Name"] == STEP else step for step in definition["Steps"]]
    training = next(step for step in definition["Steps"] if step["Name"] == STEP)
    output = training["Arguments"]["OutputDataConfig"]["S3OutputPath"]
    model = {"Std:Join": {"On": "/", "Values": [output, _BEST, "output/model.tar.gz"]}}
    return {**definition, "Steps": [_reading(step, model) for step in steps]}


def trials_in_a_row(settings: Settings) -> int:
    """How many training jobs run one after another, at most."""
    search = settings.tuning.search
    return 1 if search is None else -(-search.trials // search.at_once)


def searched_parameters(settings: Settings) -> list[str]:
    """The parameters of the pipeline that a search chooses the values of: theirs are not what was trained with."""
    search = settings.tuning.search
    names = [HYPERPARAMETERS[name] for name in search.settings] if search else []
    return ["".join(word.capitalize() for word in name.split("_")) for name in names]


def allow_search(role: iam.Role, jobs: str) -> None:
    """Let the pipeline's role run `jobs`: all tuning jobs, since the service makes up what a pipeline's are called."""
    verbs = ("CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob", "StopHyperParameterTuningJob")
    listing = "ListTrainingJobsForHyperParameterTuningJob"
    allow(role, [f"sagemaker:{verb}" for verb in (*verbs, listing, "AddTags")], [jobs])


def _tuning_step(step: Json, search: Search, seed: int) -> Json:
    training = step["Arguments"]
    searched = {HYPERPARAMETERS[name] for name in search.settings}
    static = {name: value for name, value in training["HyperParameters"].items() if name not in searched}
    trial = {name: value for name, value in training.items() if name not in _NOT_OF_A_TRIAL}
    arguments = {
        "HyperParameterTuningJobConfig": {
            "Strategy": search.strategy.capitalize(),
            "HyperParameterTuningJobObjective": OBJECTIVE,
            "ResourceLimits": {"MaxNumberOfTrainingJobs": search.trials, "MaxParallelTrainingJobs": search.at_once},
            "ParameterRanges": _ranges(search),
            "TrainingJobEarlyStoppingType": "Auto" if search.early_stopping else "Off",
            "RandomSeed": seed,
        },
        "TrainingJobDefinition": {**trial, "StaticHyperParameters": {**static, **_OF_A_TRIAL}},
        "Tags": training["Tags"],
    }
    description = (
        "Train several times with different hyperparameters, and keep the model with the lowest held-out loss."
    )
    return {**step, "Type": "Tuning", "Arguments": arguments, "Description": description}


def _ranges(search: Search) -> Json:
    numbers = [one for one in search.ranges if one.values is None]
    choices = [one for one in search.ranges if one.values is not None]
    by_kind = {
        "ContinuousParameterRanges": [_numeric(one) for one in numbers if one.setting not in _INTEGERS],
        "IntegerParameterRanges": [_numeric(one) for one in numbers if one.setting in _INTEGERS],
        "CategoricalParameterRanges": [
            {"Name": HYPERPARAMETERS[one.setting], "Values": [_text(value) for value in one.values or ()]}
            for one in choices
        ],
    }
    return {kind: ranges for kind, ranges in by_kind.items() if ranges}


def _numeric(one: SearchRange) -> Json:
    return {
        "Name": HYPERPARAMETERS[one.setting],
        "MinValue": _text(one.minimum),
        "MaxValue": _text(one.maximum),
        "ScalingType": _SCALES[one.scale],
    }


def _text(value: object) -> str:
    """Write a number as the API takes it: whole ones without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _reading(value: Any, model: Json) -> Any:
    """Put the best trial's model wherever the training job's was read."""
    if value == _ARTIFACT:
        return model
    if isinstance(value, dict):
        return {key: _reading(inner, model) for key, inner in value.items()}
    return [_reading(inner, model) for inner in value] if isinstance(value, list) else value
