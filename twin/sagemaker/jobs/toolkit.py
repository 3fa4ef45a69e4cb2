"""What SageMaker's training toolkit does around a script: arguments and environment out of the job's request.

https://github.com/aws/sagemaker-training-toolkit: the framework containers run `train`, which is this toolkit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twin.sagemaker.directory import HOST, ContainerDirectory

_PREFIX = "sagemaker_"
# What a tuning job adds for the algorithms that want to know it; a script does not get it.
_OF_THE_TOOLKIT = ("_tuning_objective_metric",)
_NETWORK_INTERFACE = "lo"
_GROUP = "homogeneousCluster"
_TORCH_DISTRIBUTED = "sagemaker_torch_distributed_enabled"
# Whatever the instance type has on AWS, a script that asks here is told what there is.
_GPUS = 0


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

    @property
    def torch_distributed(self) -> bool:
        """Whether the toolkit starts the script by `torchrun`, and not by `python3`."""
        return bool(self.toolkit.get(_TORCH_DISTRIBUTED))

    def command(self, host: str, hosts: Sequence[str], address: str, port: int) -> list[str]:
        """What the toolkit runs on a host: `torchrun` with a process for each GPU, or one, or else the script itself.

        `address` and `port` are where the hosts find each other: the first host's name and 7777 on AWS.
        """
        script = [str(self.toolkit["sagemaker_program"]), *self.arguments()]
        if not self.torch_distributed:
            return ["python3", *script]
        launcher = ["torchrun", "--nnodes", str(len(hosts)), "--nproc_per_node", str(_GPUS or 1)]
        if len(hosts) > 1:
            place = ["--master_addr", address, "--master_port", str(port), "--node_rank", str(hosts.index(host))]
            launcher += place
        return [*launcher, *script]

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


def resource_configuration(instance_type: str, host: str = HOST, hosts: Sequence[str] = (HOST,)) -> dict[str, Any]:
    """`/opt/ml/input/config/resourceconfig.json` on one host of a job."""
    return {
        "current_host": host,
        "current_instance_type": instance_type,
        "current_group_name": _GROUP,
        "hosts": list(hosts),
        "instance_groups": [{"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": list(hosts)}],
        "network_interface_name": _NETWORK_INTERFACE,
    }


def environment(
    directory: ContainerDirectory,
    parameters: Hyperparameters,
    channels: Mapping[str, Any],
    resources: Mapping[str, Any],
) -> dict[str, str]:
    """The `SM_…` variables that the toolkit sets for a script.

    `channels` is inputdataconfig.json, `resources` resourceconfig.json.
    """
    program = str(parameters.toolkit.get("sagemaker_program", ""))
    facts: dict[str, Any] = {
        "hosts": resources["hosts"],
        "current_host": resources["current_host"],
        "current_instance_type": resources["current_instance_type"],
        "current_instance_group": _GROUP,
        "current_instance_group_hosts": resources["hosts"],
        "instance_groups": [_GROUP],
        "instance_groups_dict": {group["instance_group_name"]: group for group in resources["instance_groups"]},
        "distribution_instance_groups": [_GROUP] if parameters.torch_distributed else [],
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
        "num_gpus": _GPUS,
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
