"""What of a tuning job's request is honoured here; see `twin.support` for how to read the tables."""

from __future__ import annotations

from typing import Any

from twin.sagemaker.honoured import TRAINING_JOB
from twin.support import ANY

# Of a training job's members those that a tuning job's trials can have. Without checkpoints: where trials that share
# an address would put theirs is not documented.
_OF_A_TRIAL = (
    "AlgorithmSpecification",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "RoleArn",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "Environment",
)
_OF_A_RANGE = {"Name": ANY, "MinValue": ANY, "MaxValue": ANY, "ScalingType": ANY}

HYPER_PARAMETER_TUNING_JOB: dict[str, Any] = {
    "HyperParameterTuningJobName": ANY,
    "HyperParameterTuningJobConfig": {
        "Strategy": frozenset({"Bayesian", "Random"}),
        "HyperParameterTuningJobObjective": ANY,
        "ResourceLimits": {"MaxNumberOfTrainingJobs": ANY, "MaxParallelTrainingJobs": ANY},
        "ParameterRanges": {
            "ContinuousParameterRanges": _OF_A_RANGE,
            "IntegerParameterRanges": _OF_A_RANGE,
            "CategoricalParameterRanges": {"Name": ANY, "Values": ANY},
        },
        "TrainingJobEarlyStoppingType": ANY,
        "RandomSeed": ANY,
    },
    "TrainingJobDefinition": {
        "DefinitionName": ANY,
        "StaticHyperParameters": ANY,
        **{name: TRAINING_JOB[name] for name in _OF_A_TRIAL},
    },
    "Tags": ANY,
}
