"""An adapter as files, PEFT's own: written after training, and added to its base again for evaluation.

Whoever merges an adapter that is not whole, or one whose options change the arithmetic, gets the base model or
something beside it, and no error. So everything that is not known is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

from pipelines.tuning import lora, weights
from pipelines.tuning.container import TuningError

CONFIGURATION, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# How PEFT names the weights of the model that it wraps.
_PREFIX = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"
# What says nothing about the product of the two matrices, or is read below. All else must be off.
_WITHOUT_EFFECT = {"auto_mapping", "base_model_name_or_path", "inference_mode", "lora_dropout", "megatron_core"}
_WITHOUT_EFFECT |= {"peft_version", "qalora_group_size", "revision", "runtime_config", "task_type"}
_READ = {"peft_type", "r", "lora_alpha", "target_modules", "bias", "init_lora_weights"}
# The other ways to begin change the base model's weights too.
_BEGINNINGS = (True, False, "gaussian", None)

Pair = tuple[torch.Tensor, torch.Tensor]


def save(model: PreTrainedModel, folder: Path, base_model_id: str = "") -> None:
    """Write the adapter as PEFT reads it, with the name by which PEFT's `Auto…` classes load its base model."""
    folder.mkdir(parents=True, exist_ok=True)
    found = lora.adapters(model)
    any_adapter = next(iter(found.values()))
    rank = any_adapter.a.shape[0]
    configuration = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_model_id or None,
        "r": rank,
        "lora_alpha": round(any_adapter.scale * rank),
        "lora_dropout": any_adapter.dropout,
        "target_modules": sorted({path.rpartition(".")[2] for path in found}),
        "bias": "none",
        "inference_mode": True,
    }
    (folder / CONFIGURATION).write_text(json.dumps(configuration, indent=2) + "\n", encoding="utf-8")
    tensors = {}
    for path, adapter in found.items():
        tensors[f"{_PREFIX}{path}{_A}"] = adapter.a.detach().cpu().contiguous()
        tensors[f"{_PREFIX}{path}{_B}"] = adapter.b.detach().cpu().contiguous()
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


@torch.no_grad()
def merge_saved(model: PreTrainedModel, folder: Path) -> None:
    """Add a saved adapter to the weights of its base model, which become fp32.

    Raises:
        TuningError: the adapter is of another kind, not whole, or for another model; the message names file and what.
    """
    configuration = _configuration(folder / CONFIGURATION)
    scale = configuration["lora_alpha"] / configuration["r"]
    pairs = _pairs(weights.read(folder / WEIGHTS))
    linear = {path: module for path, module in model.named_modules() if isinstance(module, nn.Linear)}
    _check_complete(pairs, linear, configuration["target_modules"])
    weights.cast(model, torch.float32)
    for path, (a, b) in pairs.items():
        weight = linear[path].weight
        if b.shape + a.shape != (weight.shape[0], configuration["r"], configuration["r"], weight.shape[1]):
            raise TuningError(
                f"{WEIGHTS}: the matrices for '{path}' are {_sizes(b)} and {_sizes(a)}, which with rank "
                f"{configuration['r']} do not make the base model's {_sizes(weight)}. Is it its base?"
            )
        weight.addmm_(b.to(weight.device, torch.float32), a.to(weight.device, torch.float32), alpha=scale)


def _configuration(path: Path) -> Mapping[str, Any]:
    """Read the adapter's options, and refuse those by which the product would not be the plain one."""
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
        kind, beginning = options.get("peft_type"), options.get("init_lora_weights")
    except (OSError, ValueError, AttributeError) as error:
        raise TuningError(f"{path.name} is no adapter's configuration: {error}. Was it made by train.py?") from error
    if kind != "LORA":
        raise TuningError(f"{path.name} describes '{kind}', not LORA. Was it made by train.py?")
    unknown = {name: value for name, value in options.items() if value and name not in _WITHOUT_EFFECT | _READ}
    if options.get("bias", "none") != "none":
        unknown["bias"] = options["bias"]
    if beginning not in _BEGINNINGS:
        unknown["init_lora_weights"] = beginning
    if unknown:
        listed = ", ".join(f"{name} = {value!r:.60}" for name, value in sorted(unknown.items()))
        raise TuningError(f"{path.name} has options that are not computed here: {listed}. Was it made by train.py?")
    numbers = [options.get(name) for name in ("r", "lora_alpha")]
    targets = options.get("target_modules")
    if not all(isinstance(n, int | float) and n > 0 for n in numbers) or not isinstance(targets, list) or not targets:
        raise TuningError(
            f"{path.name}: r and lora_alpha must be numbers above 0, and target_modules a list of names. "
            "Was it made by train.py?"
        )
    checked: Mapping[str, Any] = options
    return checked


def _pairs(tensors: Mapping[str, torch.Tensor]) -> dict[str, Pair]:
    paths = {name.removesuffix(end) for end in (_A, _B) for name in tensors if name.endswith(end)}
    if not paths:
        raise TuningError(f"{WEIGHTS} has no weights of an adapter. Train again.")
    wanted = {f"{path}{end}" for path in paths for end in (_A, _B)}
    if missing := sorted(wanted - tensors.keys()):
        raise TuningError(f"{WEIGHTS} lacks '{missing[0]}' ({len(missing)} of {len(wanted)} weights). Train again.")
    if foreign := sorted(tensors.keys() - wanted):
        raise TuningError(f"{WEIGHTS} has '{foreign[0]}', which is no adapter's weight. Was it made by train.py?")
    return {path.removeprefix(_PREFIX): (tensors[path + _A], tensors[path + _B]) for path in sorted(paths)}


def _check_complete(pairs: Mapping[str, Pair], linear: Mapping[str, nn.Linear], targets: list[str]) -> None:
    """Hold the layers that have weights against those of the model that the configuration names."""
    for path in pairs:
        if path not in linear:
            raise TuningError(
                f"{WEIGHTS} has weights for '{path}', which the base model lacks as a linear layer. Is it its base?"
            )
    meant = [path for path in linear if any(f".{path}".endswith(f".{target}") for target in targets)]
    if missing := [path for path in meant if path not in pairs]:
        raise TuningError(
            f"{WEIGHTS} has no weights for '{missing[0]}' ({len(missing)} of the {len(meant)} layers that "
            f"{CONFIGURATION} names). Train again."
        )


def _sizes(tensor: torch.Tensor) -> str:
    return " x ".join(map(str, tensor.shape))
