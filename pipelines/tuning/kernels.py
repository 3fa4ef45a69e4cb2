"""Parts of a Llama layer with gradients written out: the same functions, with fewer tensors kept and fewer passes.

What autograd would keep between forward and backward is most of the memory that training takes, and on a CPU
each pass over it takes time. So each function here keeps its inputs only, and computes the rest again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedModel

# How many answer tokens get logits at a time: a row of them is as wide as the vocabulary.
LOGITS_AT_ONCE = 128


def compute_type(tensor: torch.Tensor) -> torch.dtype:
    """Give the number format that matrix products have now: autocast's where it is on."""
    device = tensor.device.type
    inner: torch.dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else tensor.dtype
    return inner


class RmsNorm(torch.autograd.Function):
    """`weight * x / rms(x)`, computed in fp32; keeps x and one number a token."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        wide = x.float()
        squared = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_()
        factor = squared.div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, factor)
        normal: torch.Tensor = (wide * factor).to(x.dtype)
        return normal.mul_(weight.to(x.dtype))

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, factor = ctx.saved_tensors
        normal = x.float() * factor
        gradient = gradient.float()
        for_weight = None
        if ctx.needs_input_grad[1]:
            for_weight = (gradient * normal).flatten(0, -2).sum(0).to(weight.dtype)
        if not ctx.needs_input_grad[0]:
            return None, for_weight, None
        inner = gradient * weight
        along = torch.linalg.vecdot(inner, normal).div_(x.shape[-1]).unsqueeze(-1)
        return inner.sub_(normal.mul_(along)).mul_(factor).to(x.dtype), for_weight, None


class SwiGlu(torch.autograd.Function):
    """`silu(gate) * up`; keeps its two inputs."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gate, up = ctx.saved_tensors
        for_up = functional.silu(gate).mul_(gradient)
        return torch.ops.aten.silu_backward(gradient * up, gate), for_up


class AnswerLoss(torch.autograd.Function):
    """Summed cross-entropy of `hidden @ weight.T` against targets, a few rows of logits at a time.

    The gradient is taken at once, while the logits are there: they are never kept, and never computed again.
    The head's is as large as the head. Where the head has one of earlier passes it is added to that and then let go,
    so that it does not lie beside the one of an embedding that is tied to the head; by `torch.autograd.grad` as well.
    """

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        dtype = compute_type(hidden)
        ctx.weight = weight
        head = weight.to(dtype)
        ctx.of_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        ctx.of_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        total = torch.zeros((), device=hidden.device)
        for start in range(0, len(targets), LOGITS_AT_ONCE):
            rows = slice(start, start + LOGITS_AT_ONCE)
            some = hidden[rows].to(dtype)
            logits = (some @ head.T).float()
            wanted = targets[rows, None]
            norm = logits.logsumexp(-1, keepdim=True)
            total += (norm - logits.gather(1, wanted)).sum()
            if ctx.of_hidden is None and ctx.of_weight is None:
                continue
            # The gradient of the logits: each token's probability, less one for the wanted token.
            gradient = logits.sub_(norm).exp_()
            gradient = gradient.scatter_add_(1, wanted, torch.full_like(norm, -1)).to(dtype)
            if ctx.of_hidden is not None:
                ctx.of_hidden[rows] = gradient @ head
            if ctx.of_weight is not None:
                add_product(ctx.of_weight, gradient.T, some)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        of_hidden, of_weight = (
            each.mul_(gradient) if each is not None else None for each in (ctx.of_hidden, ctx.of_weight)
        )
        del ctx.of_hidden, ctx.of_weight
        if of_weight is not None and ctx.weight.is_leaf and ctx.weight.grad is not None:
            ctx.weight.grad += of_weight
            of_weight = None
        return of_hidden, of_weight, None


def add_product(total: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    """Add `left @ right`; where formats are the same, without ever having the product by itself."""
    if total.dtype == left.dtype:
        total.addmm_(left, right)
    else:
        total += left @ right


def install(model: PreTrainedModel) -> None:
    """Let a Llama model compute its norms and gates by the functions above."""
    for module in model.modules():
        kind = type(module).__name__
        if kind == "LlamaRMSNorm":
            module.forward = partial(_norm, module)
        elif kind == "LlamaMLP" and model.config.hidden_act == "silu":
            module.forward = partial(_gated, module)


def _norm(module: Any, x: torch.Tensor) -> torch.Tensor:
    normal: torch.Tensor = RmsNorm.apply(x, module.weight, module.variance_epsilon)  # type: ignore[no-untyped-call]
    return normal


def _gated(module: Any, x: torch.Tensor) -> torch.Tensor:
    product: torch.Tensor = module.down_proj(SwiGlu.apply(module.gate_proj(x), module.up_proj(x)))  # type: ignore[no-untyped-call]
    return product
