"""What of a pack fits into the memory that training has, and whether layers are computed again for their gradients.

What autograd keeps grows with the tokens of a pack. Where the usual pack does not fit beside weights and optimizer it
is made smaller, which changes no gradient. Where not even the longest example fits, a layer keeps its input alone and
is computed again on the way back (Chen and others, 2016): a third more arithmetic for a fraction of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from pipelines.tuning.hardware import Hardware
from pipelines.tuning.processes import Processes
from pipelines.tuning.sharding import memory_of

# Of the memory that weights and optimizer leave; the rest is for logits, copies, and what is torn between blocks.
SHARE = 0.6
# Beside a trained weight: its gradient and AdamW's two means, in fp32.
_BYTES_BESIDE_A_TRAINED_WEIGHT = 12
# What a layer keeps of a token, in widths of the model and of its gate: what goes into norms, projections and the gate,
# and attention's rows, which have up to two places for a token. This gives 1.84 MB of a token for Llama 3.2 1B's shape
# in bf16. On one H200 it took 1.99 with an adapter: a peak of 12,273 MiB, less 2,041 of weights and 172 of the adapter
# and its optimizer, by the 5,306 tokens of the longest pack.
_WIDTHS, _GATES = 12, 4


@dataclass(frozen=True)
class Plan:
    """How many tokens a pack has at most, and whether layers are computed again."""

    tokens_at_once: int
    recompute: bool


def planned(usual: int, longest: int, room: float, *, kept: float, kept_recomputing: float) -> Plan:
    """Choose for memory of `room` bytes.

    Args:
        usual: the tokens of a pack where there is room enough.
        longest: the tokens of the longest example.
        room: bytes for what autograd keeps.
        kept: bytes that it keeps of a token.
        kept_recomputing: the same where layers are computed again.
    """
    needed = min(usual, longest)
    if room >= kept * needed:
        return Plan(min(usual, int(room / kept)), recompute=False)
    return Plan(max(1, min(usual, int(room / kept_recomputing))), recompute=True)


def fit(
    model: PreTrainedModel,
    weights: Sequence[nn.Parameter],
    longest: int,
    hardware: Hardware,
    processes: Processes,
) -> tuple[Hardware, Plan]:
    """Give the hardware with packs that fit, and let the model's layers be computed again where they must be.

    `model` is where it is trained, `weights` are those that learn, and the longest example has so many tokens.
    """
    plan = planned(
        hardware.tokens_at_once,
        longest,
        SHARE * (memory_of(hardware, processes) - _held(model, weights)),
        kept=bytes_of_a_token(model, hardware.dtype),
        kept_recomputing=bytes_of_a_token(model, hardware.dtype, recompute=True),
    )
    if plan.recompute:
        trained: Any = model
        trained.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return replace(hardware, tokens_at_once=plan.tokens_at_once), plan


def bytes_of_a_token(model: PreTrainedModel, dtype: torch.dtype, recompute: bool = False) -> float:
    """Estimate what autograd keeps of a token of a pack, in bytes."""
    config = model.config
    width, size = config.hidden_size, dtype.itemsize
    layer = (_WIDTHS * width + _GATES * config.intermediate_size) * size
    # The layer that is being computed again has all of its own.
    return float(config.num_hidden_layers * width * size + layer if recompute else config.num_hidden_layers * layer)


def _held(model: PreTrainedModel, weights: Sequence[nn.Parameter]) -> float:
    """What weights, gradients and optimizer take in this process, in bytes."""
    own = sum(_local(weight).numel() * weight.element_size() for weight in model.parameters())
    return float(own + sum(_BYTES_BESIDE_A_TRAINED_WEIGHT * _local(weight).numel() for weight in weights))


def _local(weight: torch.Tensor) -> torch.Tensor:
    """Of a weight that processes share, this one's part."""
    to_local = getattr(weight, "to_local", None)
    part: torch.Tensor = to_local() if to_local else weight
    return part
