"""One copy of a model for all processes, each of which keeps a part: for what does not fit into one device.

PyTorch's FSDP2 puts a layer's weights together before it computes and takes them apart after it, and hands each process
its part of the gradients. Whoever computes with such a model goes through `computed`: weights that are read otherwise
are parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from types import MethodType
from typing import Any, TypeVar

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel

from pipelines.tuning.hardware import Hardware
from pipelines.tuning.processes import Processes
from pipelines.tuning.settings import TrainingSettings

# In fp32: the weight, its gradient, and AdamW's two means.
BYTES_A_WEIGHT = 16
# What is left is for activations and for the copies that a step makes.
MOST_OF_MEMORY = 0.6

T = TypeVar("T")


def place(model: PreTrainedModel, settings: TrainingSettings, hardware: Hardware, processes: Processes) -> Processes:
    """Put a model where it is trained, whole or spread; give the processes as they work from here on.

    A model that is spread has other parameters than before.
    """
    if not wanted(model, settings, hardware, processes):
        nn.Module.to(model, hardware.device)
        return processes
    together = replace(processes, lockstep=True)
    shard(model, hardware, together)
    return together


def wanted(model: PreTrainedModel, settings: TrainingSettings, hardware: Hardware, processes: Processes) -> bool:
    """Whether to spread a model that is trained itself: by the settings, or else by whether a copy fits.

    An adapter never is: its base model is small beside what training needs.
    """
    if processes.count == 1 or settings.method == "lora" or settings.sharding == "never":
        return False
    weights = sum(weight.numel() for weight in model.parameters())
    too_large = BYTES_A_WEIGHT * weights > MOST_OF_MEMORY * memory_of(hardware, processes)
    # One process for which it is too large is enough.
    return processes.any(settings.sharding == "always" or too_large)


def memory_of(hardware: Hardware, processes: Processes) -> float:
    """Give a process's memory in bytes: its accelerator's, or its share of the machine's."""
    if hardware.device.type == "cuda":
        return float(torch.cuda.get_device_properties(hardware.device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / processes.local_count


def shard(model: PreTrainedModel, hardware: Hardware, processes: Processes) -> None:
    """Spread a model, layer by layer; its parameters are others from here on."""
    causal: Any = model
    mesh = init_device_mesh(hardware.device.type, (processes.count,))
    for layer in causal.get_decoder().layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    if hardware.device.type == "cpu":
        # Gloo adds up, and takes no mean.
        for module in model.modules():
            if isinstance(module, FSDPModule):
                module.set_force_sum_reduction_for_comms(True)
    causal.computed = MethodType(_computed, model)
    register_fsdp_forward_method(model, "computed")


def _computed(model: PreTrainedModel, function: Callable[..., T], *arguments: Any) -> T:
    return function(model, *arguments)


def computed(model: PreTrainedModel, function: Callable[..., T], *arguments: Any) -> T:
    """Give `function(model, *arguments)`, where the model's weights are whole in the function."""
    if not isinstance(model, FSDPModule):
        return function(model, *arguments)
    spread: Any = model
    found: T = spread.computed(function, *arguments)
    return found


def copied(tensor: torch.Tensor) -> torch.Tensor:
    """Copy a tensor into the machine's memory, off the accelerator, whose own training needs; a part stays there."""
    return tensor.clone() if isinstance(tensor, DTensor) else tensor.to("cpu", copy=True)


def full(tensor: torch.Tensor) -> torch.Tensor:
    """Put a tensor together, which all processes must do at the same time."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def put_together_all(state: T, keep: bool) -> T:
    """Put every tensor in a state together, one after the other; who does not `keep` them gets empty ones."""

    def whole(tensor: torch.Tensor) -> torch.Tensor:
        if not isinstance(tensor, DTensor):
            return tensor
        put = tensor.full_tensor()
        return put.cpu() if keep else put.new_empty(0)

    put: T = _mapped(state, whole)
    return put


def take_apart_all(state: T, like: torch.Tensor) -> T:
    """Give this process's parts of a state whose tensors are whole, where `like`, a weight, is such a part."""
    if not isinstance(like, DTensor):
        return state
    mesh, placements = like.device_mesh, like.placements

    def part(tensor: torch.Tensor) -> torch.Tensor:
        # Numbers, such as AdamW's count of steps, are nothing to take apart.
        return distribute_tensor(tensor.to(like.device), mesh, placements) if tensor.ndim else tensor

    parts: T = _mapped(state, part)
    return parts


def _mapped(value: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, dict):
        return {key: _mapped(inner, function) for key, inner in value.items()}
    return [_mapped(inner, function) for inner in value] if isinstance(value, list) else value


def take_apart(model: PreTrainedModel) -> None:
    """Leave each process its parts alone: after a pass without gradients PyTorch keeps the outermost weights whole.

    Weights that are set in parts afterwards would not be seen by the next pass.
    """
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


@torch.no_grad()
def put_together(
    model: PreTrainedModel, processes: Processes, load: Callable[[], PreTrainedModel]
) -> PreTrainedModel | None:
    """Give the first process the whole model, weights in the form of `load`'s, and the others None."""
    if not isinstance(model, FSDPModule):
        return model if processes.first else None
    take_apart(model)
    whole = load() if processes.first else None
    targets = dict(nn.Module.named_parameters(whole)) if whole is not None else {}
    for name, weight in nn.Module.named_parameters(model):
        put = full(weight.detach())
        if whole is not None:
            targets[name].copy_(put)
    return whole
