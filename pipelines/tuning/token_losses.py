"""Each token's cross-entropy, for losses that weigh tokens otherwise than alike, such as DPO's.

As in `kernels.AnswerLoss`, logits are there a few rows at a time and are never kept. How much a token weighs is known
only when all losses are. For the hidden states that is no matter: their gradient is taken while the logits are there,
and multiplied later. Only where the head learns as well are logits computed a second time.
"""

from __future__ import annotations

from typing import Any

import torch

from pipelines.tuning import kernels


class TokenLosses(torch.autograd.Function):
    """Cross-entropy of each row of `hidden @ weight.T` against its target, in nats and fp32."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        dtype = kernels.compute_type(hidden)
        head = weight.to(dtype)
        of_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        losses = torch.empty(len(targets), device=hidden.device)
        for rows in _pieces(len(targets)):
            logits = (hidden[rows].to(dtype) @ head.T).float()
            wanted = targets[rows, None]
            norm = logits.logsumexp(-1, keepdim=True)
            losses[rows] = (norm - logits.gather(1, wanted)).squeeze(1)
            if of_hidden is not None:
                of_hidden[rows] = _of_logits(logits, norm, wanted).to(dtype) @ head
        ctx.save_for_backward(hidden, weight, targets, of_hidden)
        ctx.dtype = dtype
        return losses

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        hidden, weight, targets, of_hidden = ctx.saved_tensors
        scaled = None if of_hidden is None else of_hidden * gradient[:, None].to(of_hidden.dtype)
        if not ctx.needs_input_grad[1]:
            return scaled, None, None
        head = weight.to(ctx.dtype)
        of_weight = torch.zeros_like(weight)
        for rows in _pieces(len(targets)):
            some = hidden[rows].to(ctx.dtype)
            logits = (some @ head.T).float()
            of_logits = _of_logits(logits, logits.logsumexp(-1, keepdim=True), targets[rows, None])
            kernels.add_product(of_weight, of_logits.mul_(gradient[rows, None]).to(ctx.dtype).T, some)
        return scaled, of_weight, None


def _pieces(count: int) -> list[slice]:
    return [slice(start, start + kernels.LOGITS_AT_ONCE) for start in range(0, count, kernels.LOGITS_AT_ONCE)]


def _of_logits(logits: torch.Tensor, norm: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Give a loss's gradient by its logits, in their place: the probabilities, less one for the wanted token."""
    return logits.sub_(norm).exp_().scatter_add_(1, wanted, torch.full_like(norm, -1))
