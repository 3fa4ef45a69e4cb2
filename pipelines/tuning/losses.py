"""Cross-entropy of the answers alone, and logits only where an answer is.

Nine tenths of a summarization example are prompt. A vocabulary-wide row of logits for each of its tokens would
be the largest thing in memory, only to be ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from peft import PeftModel
from torch.nn import functional
from transformers import PreTrainedModel

from pipelines.tuning.batches import IGNORED, Batch, answer_tokens, collate, micro_batches
from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware


def summed_loss(model: PreTrainedModel | PeftModel, batch: Batch) -> torch.Tensor:
    """Give the sum of the negative log-likelihoods of all answer tokens, in nats, as a scalar in fp32."""
    causal: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    hidden = causal.get_decoder()(input_ids=batch.tokens, use_cache=False).last_hidden_state
    targets = batch.labels[:, 1:]
    counts = targets != IGNORED
    logits = causal.get_output_embeddings()(hidden[:, :-1][counts])
    return functional.cross_entropy(logits.float(), targets[counts], reduction="sum")


@torch.no_grad()
def mean_loss(
    model: PreTrainedModel | PeftModel,
    examples: Sequence[Example],
    pad_token: int,
    hardware: Hardware,
    on_progress: Callable[[int, int], None],
) -> float:
    """Give the mean negative log-likelihood of an answer token over all examples, in nats, without dropout.

    `on_progress` gets how many examples are done, and of how many, also before the first.
    """
    was_training = model.training
    model.eval()
    total, done = 0.0, 0
    on_progress(0, len(examples))
    with hardware.autocast():
        # No gradients are kept, so several times as much fits.
        for group in micro_batches(examples, 4 * hardware.tokens_at_once):
            total += summed_loss(model, collate(group, pad_token, hardware.device)).item()
            done += len(group)
            on_progress(done, len(examples))
    model.train(was_training)
    return total / answer_tokens(examples)
