"""Which weights a method trains: `lora`, `full` or `frozen`.

- `lora`: none of the model's own; a low-rank adapter beside each of its linear layers.
- `full`: all.
- `frozen`: those of the last layers, the final norm and the head. A head that is also the input embedding stays
  frozen: it stands before the first layer too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from pipelines.tuning import adapter_files, lora, weights
from pipelines.tuning.container import TuningError
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.settings import TrainingSettings

ADAPTER, CHECKPOINT = "adapter", "checkpoint"
# What training leaves, and a file that each of them has.
WEIGHTS = {ADAPTER: "adapter_config.json", CHECKPOINT: "config.json"}


def weight_type(method: str, hardware: Hardware) -> torch.dtype:
    """Give the number format to load a model in: weights that learn are fp32, or small updates would be lost."""
    return hardware.dtype if method == "lora" else torch.float32


def prepare(model: PreTrainedModel, settings: TrainingSettings) -> list[nn.Parameter]:
    """Freeze what the method does not train, add what it adds, and give the weights to train."""
    if settings.method == "lora":
        lora.attach(model, settings.lora_rank, settings.lora_alpha, settings.lora_dropout)
    elif settings.method == "frozen":
        _freeze_below(model, settings.trained_layers)
    return trained(model)


def trained(model: PreTrainedModel) -> list[nn.Parameter]:
    """Give the weights that are trained."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def _freeze_below(model: PreTrainedModel, trained_layers: int) -> None:
    causal: Any = model
    layers = causal.get_decoder().layers
    if trained_layers > len(layers):
        raise TuningError(
            f"trained_layers is {trained_layers}, and the base model has {len(layers)}. "
            "Lower it, or choose method full."
        )
    model.requires_grad_(False)
    trained = [*layers[len(layers) - trained_layers :], causal.get_decoder().norm]
    if not model.config.tie_word_embeddings:
        trained.append(causal.get_output_embeddings())
    for module in trained:
        module.requires_grad_(True)


@torch.no_grad()
def apply(model: PreTrainedModel, learned: Path) -> None:
    """Turn a base model into the tuned one, by the folder that training wrote: `adapter` or `checkpoint`.

    Raises:
        TuningError: what was learned is not whole, or does not fit the model.
    """
    if learned.name == ADAPTER:
        adapter_files.merge_saved(model, learned)
        return
    state = model.state_dict()
    written: set[int] = set()
    for path in sorted(learned.glob("*.safetensors")):
        for name, tensor in weights.read(path).items():
            if name not in state or state[name].shape != tensor.shape:
                raise TuningError(
                    f"{path.name}: the tuned weight '{name}' does not fit the base model. Is it its base?"
                )
            state[name].copy_(tensor)
            written.add(state[name].data_ptr())
    # Of weights that are tied a checkpoint has one.
    missing = sorted(name for name, tensor in state.items() if tensor.data_ptr() not in written)
    if missing:
        raise TuningError(
            f"The checkpoint that was learned lacks {len(missing)} of the model's weights, '{missing[0]}' among them. "
            "Train again."
        )
