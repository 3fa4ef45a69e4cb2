"""Cross-entropy of the answers alone, and logits only where an answer is.

Nine tenths of a summarization example are prompt. A vocabulary-wide row of logits for each of its tokens would
be the largest thing in memory, only to be ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from pipelines.tuning import sharding
from pipelines.tuning.batches import Pack, answer_tokens, pack, packs, tokens_of
from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.kernels import AnswerLoss
from pipelines.tuning.processes import ALONE, Processes
from pipelines.tuning.token_losses import TokenLosses


def summed_loss(model: PreTrainedModel, batch: Pack) -> torch.Tensor:
    """Give the sum of the negative log-likelihoods of all answer tokens, in nats, as a scalar in fp32.

    The model must attend by `attention.PACKED`, and compute by `kernels.install` if it shall be fast.
    """
    loss: torch.Tensor = AnswerLoss.apply(*_sought(model, batch), batch.targets)  # type: ignore[no-untyped-call]
    return loss


def token_losses(model: PreTrainedModel, batch: Pack) -> torch.Tensor:
    """Give the negative log-likelihood of each target, in nats and fp32; the model is as for `summed_loss`."""
    found: torch.Tensor = TokenLosses.apply(*_sought(model, batch), batch.targets)  # type: ignore[no-untyped-call]
    return found


def _sought(model: PreTrainedModel, batch: Pack) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the hidden states after which a target comes, and the head."""
    causal: Any = model
    hidden = causal.get_decoder()(
        input_ids=batch.tokens, position_ids=batch.positions, use_cache=False, layout=batch.layout
    ).last_hidden_state
    head = causal.get_output_embeddings().weight
    # Inside the function gradients look wanted even where none are kept.
    return hidden[0].index_select(0, batch.sources), head if torch.is_grad_enabled() else head.detach()


def nats_and_tokens(
    model: PreTrainedModel, examples: Sequence[Example], device: torch.device
) -> dict[str, NDArray[np.float64]]:
    """Give by record id the summed negative log-likelihood of what is learned of it, and how many tokens that is."""
    each = token_losses(model, pack(examples, device)).double().cpu().numpy()
    found: dict[str, NDArray[np.float64]] = {}
    start = 0
    for example in examples:
        count = answer_tokens([example])
        figures = np.array([each[start : start + count].sum(), count])
        name = example.record.record_id
        found[name] = found[name] + figures if name in found else figures
        start += count
    return found


@torch.no_grad()
def mean_loss(
    model: PreTrainedModel,
    examples: Sequence[Example],
    hardware: Hardware,
    on_progress: Callable[[int, int], None],
    processes: Processes = ALONE,
) -> float:
    """Give the mean negative log-likelihood of an answer token over all examples, in nats, without dropout.

    `on_progress` gets how many examples are done, and of how many, also before the first. Of several processes each
    takes its share of the examples and gets the mean over all.
    """
    was_training = model.training
    model.train(False)
    total, done = 0.0, 0
    # No gradients are kept, so twice as much fits.
    passes = processes.passes(examples, partial(packs, tokens_at_once=2 * hardware.tokens_at_once), tokens_of)
    share = sum(len(group) for group, counts in passes if counts)
    on_progress(0, share)
    with hardware.autocast():
        for group, counts in passes:
            total += counts * sharding.computed(model, summed_loss, pack(group, hardware.device)).item()
            if counts:
                done += len(group)
                on_progress(done, share)
    model.train(was_training)
    return processes.total(total) / answer_tokens(examples)
