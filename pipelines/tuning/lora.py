"""Low-rank adaptation: beside a frozen matrix W, a trainable product `scale * B A` of two narrow ones.

The arithmetic is PEFT's, and so are the files; PEFT's own layers keep more between forward and backward, and
add the product in a pass of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from pipelines.tuning.container import TuningError
from pipelines.tuning.kernels import compute_type

CONFIGURATION, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# How PEFT names the weights of the model that it wraps.
_PREFIX = "base_model.model."


class _Projection(torch.autograd.Function):
    """`x W^T + scale * dropout(x) A^T B^T` on [tokens, features]; keeps x, the narrow product, and dropout's choice."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scale: float, dropout: float
    ) -> torch.Tensor:
        dtype = compute_type(x)
        x, weight, a, b = (tensor.to(dtype) for tensor in (x, weight, a, b))
        kept = torch.empty_like(x, dtype=torch.bool).bernoulli_(1 - dropout) if dropout else None
        narrow = _dropped(x, kept, dropout) @ a.T
        ctx.scale, ctx.dropout = scale, dropout
        ctx.save_for_backward(x, weight, a, b, narrow, kept)
        return functional.linear(x, weight).addmm_(narrow, b.T, alpha=scale)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, a, b, narrow, kept = ctx.saved_tensors
        of_narrow = (gradient @ b).mul_(ctx.scale)
        of_a = of_narrow.T @ _dropped(x, kept, ctx.dropout)
        of_b = (gradient.T @ narrow).mul_(ctx.scale)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = gradient @ weight
            if kept is None:
                of_x.addmm_(of_narrow, a)
            else:
                of_x += _dropped(of_narrow @ a, kept, ctx.dropout)
        return of_x, None, of_a, of_b, None, None


def _dropped(x: torch.Tensor, kept: torch.Tensor | None, dropout: float) -> torch.Tensor:
    return x if kept is None else (x * kept).mul_(1 / (1 - dropout))


class LoraLinear(nn.Module):
    """A linear layer without bias, its weight frozen, with a trainable product beside it that begins at zero."""

    base: nn.Linear
    a: nn.Parameter
    b: nn.Parameter
    scale: float
    dropout: float

    def __init__(self, base: nn.Linear, rank: int, alpha: int, dropout: float) -> None:
        super().__init__()
        if base.bias is not None:
            raise ValueError("A layer with a bias is refused before training begins (gguf_export.check_exportable).")
        self.base = base
        self.scale = alpha / rank
        self.dropout = dropout
        device = base.weight.device
        # In fp32, whatever the frozen weight has: an update is far smaller than a weight.
        self.a = nn.Parameter(torch.empty(rank, base.in_features, device=device, dtype=torch.float32))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, device=device, dtype=torch.float32))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(0, -2)
        dropout = self.dropout if self.training else 0.0
        projected = _Projection.apply(flat, self.base.weight, self.a, self.b, self.scale, dropout)  # type: ignore[no-untyped-call]
        shaped: torch.Tensor = projected.view(*x.shape[:-1], -1)
        return shaped


def attach(model: PreTrainedModel, rank: int, alpha: int, dropout: float) -> None:
    """Freeze a model, and put an adapter beside every linear layer but the head."""
    model.requires_grad_(False)
    for parent, name, layer in list(_linear_layers(model)):
        setattr(parent, name, LoraLinear(layer, rank, alpha, dropout))


def _linear_layers(model: PreTrainedModel) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    causal: Any = model
    head = causal.get_output_embeddings()
    for parent in model.modules():
        for name, layer in parent.named_children():
            if isinstance(layer, nn.Linear) and layer is not head:
                yield parent, name, layer


def adapters(model: PreTrainedModel) -> dict[str, LoraLinear]:
    """Give the adapted layers by their names in the model."""
    return {name: module for name, module in model.named_modules() if isinstance(module, LoraLinear)}


@torch.no_grad()
def merge(model: PreTrainedModel) -> None:
    """Add the adapters to the weights, in fp32 so that small updates are not rounded away, and take them off."""
    nn.Module.to(model, torch.float32)
    for path, adapter in adapters(model).items():
        adapter.base.weight.addmm_(adapter.b, adapter.a, alpha=adapter.scale)
        parent, _, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, adapter.base)


def save(model: PreTrainedModel, folder: Path) -> None:
    """Write the adapter as PEFT reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = adapters(model)
    any_adapter = next(iter(found.values()))
    rank = any_adapter.a.shape[0]
    configuration = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
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
        tensors[f"{_PREFIX}{path}.lora_A.weight"] = adapter.a.detach().cpu().contiguous()
        tensors[f"{_PREFIX}{path}.lora_B.weight"] = adapter.b.detach().cpu().contiguous()
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


@torch.no_grad()
def merge_saved(model: PreTrainedModel, folder: Path) -> None:
    """Add a saved adapter to the weights of its base model, which become fp32.

    Raises:
        TuningError: the adapter is of another kind or for another model; the message names what does not fit.
    """
    configuration = json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))
    if configuration.get("peft_type") != "LORA":
        raise TuningError(
            f"{CONFIGURATION} describes '{configuration.get('peft_type')}', not LORA. Was it made by train.py?"
        )
    scale = configuration["lora_alpha"] / configuration["r"]
    tensors = load_file(folder / WEIGHTS)
    nn.Module.to(model, torch.float32)
    for name in [name for name in tensors if name.endswith(".lora_A.weight")]:
        path = name.removeprefix(_PREFIX).removesuffix(".lora_A.weight")
        a, b = tensors[name], tensors[name.replace(".lora_A.", ".lora_B.")]
        try:
            weight = model.get_submodule(path).get_parameter("weight")
        except AttributeError as error:
            raise TuningError(
                f"The adapter has weights for '{path}', which the base model lacks. Is it its base?"
            ) from error
        weight.addmm_(b.to(weight.device, torch.float32), a.to(weight.device, torch.float32), alpha=scale)
