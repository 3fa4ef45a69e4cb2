"""Low-rank adaptation: beside a frozen matrix W, a trainable product `scale * B A` of two narrow ones.

The arithmetic is PEFT's, and so are the files (`adapter_files`); PEFT's own layers keep more between forward
and backward, and add the product in a pass of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from pipelines.tuning import weights
from pipelines.tuning.kernels import compute_type


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


@contextmanager
def switched_off(model: PreTrainedModel) -> Iterator[None]:
    """Let a model be its base for a while, whatever its adapters have learned."""
    scales = {adapter: adapter.scale for adapter in adapters(model).values()}
    for adapter in scales:
        adapter.scale = 0.0
    try:
        yield
    finally:
        for adapter, scale in scales.items():
            adapter.scale = scale


@torch.no_grad()
def merge(model: PreTrainedModel) -> None:
    """Add the adapters to the weights, in fp32 so that small updates are not rounded away, and take them off."""
    weights.cast(model, torch.float32)
    for path, adapter in adapters(model).items():
        adapter.base.weight.addmm_(adapter.b, adapter.a, alpha=adapter.scale)
        parent, _, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, adapter.base)
