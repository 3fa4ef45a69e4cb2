"""How likely a model finds each answer by itself, where `losses` tells of all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from pipelines.tuning.batches import pack, packs
from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.kernels import LOGITS_AT_ONCE


@torch.no_grad()
def answer_losses(
    model: PreTrainedModel,
    examples: Sequence[Example],
    hardware: Hardware,
    on_progress: Callable[[int, int], None],
) -> list[float]:
    """Give the negative log-likelihood of each example's answer, in nats, without dropout.

    The model must attend by `attention.PACKED`. `on_progress` gets how many examples are done, and of how many, also
    before the first.
    """
    was_training = model.training
    model.train(False)
    places: dict[int, list[int]] = {}
    for place, example in enumerate(examples):
        places.setdefault(id(example), []).append(place)
    found, done = [0.0] * len(examples), 0
    on_progress(0, len(examples))
    with hardware.autocast():
        for group in packs(examples, 2 * hardware.tokens_at_once):
            for example, loss in zip(group, _losses(model, group, hardware), strict=True):
                found[places[id(example)].pop()] = loss
            done += len(group)
            on_progress(done, len(examples))
    model.train(was_training)
    return found


def _losses(model: PreTrainedModel, group: Sequence[Example], hardware: Hardware) -> list[float]:
    batch = pack(group, hardware.device)
    causal: Any = model
    hidden = causal.get_decoder()(
        input_ids=batch.tokens, position_ids=batch.positions, use_cache=False, layout=batch.layout
    ).last_hidden_state
    sought = hidden[0].index_select(0, batch.sources)
    head = causal.get_output_embeddings().weight
    by_token = []
    for start in range(0, len(sought), LOGITS_AT_ONCE):
        rows = slice(start, start + LOGITS_AT_ONCE)
        logits = (sought[rows].to(head.dtype) @ head.T).float()
        wanted = logits.gather(1, batch.targets[rows, None]).squeeze(1)
        by_token.append(logits.logsumexp(-1) - wanted)
    lengths = [len(example.tokens) - example.completion_start for example in group]
    return [float(part.double().sum()) for part in torch.split_with_sizes(torch.cat(by_token), lengths)]
