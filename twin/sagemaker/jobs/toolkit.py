"""What SageMaker's training toolkit does around a script: arguments and environment out of the job's request.

https://github.com/aws/sagemaker-training-toolkit: the framework containers run `train`, which is this toolkit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.sagemaker.directory import HOST, ContainerDirectory

_PREFIX = "sagemaker_"
# What a tuning job adds for the algorithms that want to know it; a script does not get it.
_OF_THE_TOOLKIT = ("_tuning_objective_metric",)
_NETWORK_INTERFACE = "lo"


def decode(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters as values: the API has strings only, and the SDK writes JSON into them."""
    return {name: _decoded(value) for name, value in hyperparameters.items()}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


@dataclass(frozen=True)
class Hyperparameters:
    """The script's own hyperparameters, and those that tell the toolkit what to do (`sagemaker_…`)."""

    own: Mapping[str, Any]
    toolkit: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Hyperparameters:
        """Tell the two kinds apart."""
        values = decode(given)
        return cls(
            {name: value for name, value in values.items() if not _is_of_toolkit(name)},
            {name: value for name, value in values.items() if _is_of_toolkit(name)},
        )

    def arguments(self) -> list[str]:
        """The script's command line: `--name value`, by name."""
        arguments: list[str] = []
        for name in sorted(self.own):
            arguments += [f"--{name}" if len(name) > 1 else f"-{name}", _argument(self.own[name])]
        return arguments


def _is_of_toolkit(name: str) -> bool:
    return name.startswith(_PREFIX) or name in _OF_THE_TOOLKIT


def _argument(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={inner}" for key, inner in sorted(value.items()))
    return str(value)


def resource_configuration(instance_type: str) -> dict[str, Any]:
    """`/opt/ml/input/config/resourceconfig.json` of a job on one machine."""
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST],
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [HOST]}
        ],
        "network_interface_name": _NETWORK_INTERFACE,
    }


def environment(
    directory: ContainerDirectory, parameters: Hyperparameters, channels: Mapping[str, Any], instance_type: str
) -> dict[str, str]:
    """The `SM_…` variables that the toolkit sets for a script; `channels` is inputdataconfig.json."""
    resources = resource_configuration(instance_type)
    program = str(parameters.toolkit.get("sagemaker_program", ""))
    facts: dict[str, Any] = {
        "hosts": resources["hosts"],
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_instance_group": "homogeneousCluster",
        "current_instance_group_hosts": resources["hosts"],
        "instance_groups": ["homogeneousCluster"],
        "instance_groups_dict": {group["instance_group_name"]: group for group in resources["instance_groups"]},
        "distribution_instance_groups": [],
        "is_hetero": False,
        "network_interface_name": _NETWORK_INTERFACE,
        "resource_config": resources,
        "input_data_config": channels,
        "channels": sorted(channels),
        "hps": parameters.own,
        "user_args": parameters.arguments(),
        "user_entry_point": program,
        "module_name": program.removesuffix(".py"),
        "module_dir": str(directory.path("/opt/ml/code")),
        "framework_params": parameters.toolkit,
        "log_level": parameters.toolkit.get("sagemaker_container_log_level", 20),
        "input_dir": str(directory.path("/opt/ml/input")),
        "input_config_dir": str(directory.path("/opt/ml/input/config")),
        "model_dir": str(directory.path("/opt/ml/model")),
        "output_dir": str(directory.path("/opt/ml/output")),
        "output_data_dir": str(directory.path("/opt/ml/output/data")),
        "output_intermediate_dir": str(directory.path("/opt/ml/output/intermediate")),
        "num_cpus": os.cpu_count() or 1,
        # Whatever the instance type has on AWS, a script that asks here is told what there is.
        "num_gpus": 0,
        "num_neurons": 0,
    }
    folders = {f"channel_{name}": str(directory.path(f"/opt/ml/input/data/{name}")) for name in channels}
    own = {f"hp_{name}": value for name, value in parameters.own.items()}
    variables = {**facts, "training_env": {**facts, "hyperparameters": parameters.own}, **folders, **own}
    return {f"SM_{name.upper()}": _text(value) for name, value in variables.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
