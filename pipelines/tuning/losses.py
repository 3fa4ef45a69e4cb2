"""Cross-entropy of the answers alone, and logits only where an answer is.

Nine tenths of a summarization example are prompt. A vocabulary-wide row of logits for each of its tokens would
be the largest thing in memory, only to be ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from transformers import PreTrainedModel

from pipelines.tuning import sharding
from pipelines.tuning.batches import Pack, answer_tokens, pack, packs, tokens_of
from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.kernels import AnswerLoss
from pipelines.tuning.processes import ALONE, Processes


def summed_loss(model: PreTrainedModel, batch: Pack) -> torch.Tensor:
    """Give the sum of the negative log-likelihoods of all answer tokens, in nats, as a scalar in fp32.

    The model must attend by `attention.PACKED`, and compute by `kernels.install` if it shall be fast.
    """
    causal: Any = model
    hidden = causal.get_decoder()(
        input_ids=batch.tokens, position_ids=batch.positions, use_cache=False, layout=batch.layout
    ).last_hidden_state
    sought = hidden[0].index_select(0, batch.sources)
    head = causal.get_output_embeddings().weight
    # Inside the function gradients look wanted even where none are kept.
    head = head if torch.is_grad_enabled() else head.detach()
    loss: torch.Tensor = AnswerLoss.apply(sought, head, batch.targets)  # type: ignore[no-untyped-call]
    return loss


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
