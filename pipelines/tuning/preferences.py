"""Direct preference optimization (Rafailov and others, 2023): make chosen answers likelier than rejected ones.

How much likelier an answer became than it is to the base model is its reward, times `beta`; the loss is that of a
classifier of pairs by the difference of rewards, the margin. With label smoothing, so large a share of the pairs counts
as labelled the wrong way round.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from pipelines.tuning import pairs
from pipelines.tuning.losses import token_losses
from pipelines.tuning.pairs import Pair


def losses(policy: torch.Tensor, reference: torch.Tensor, beta: float, label_smoothing: float = 0.0) -> torch.Tensor:
    """Give each pair's loss, from log-likelihoods in two columns: the chosen answer's and the rejected one's."""
    margin = margins(policy, reference, beta)
    right, wrong = functional.logsigmoid(margin), functional.logsigmoid(-margin)
    return -(1 - label_smoothing) * right - label_smoothing * wrong


def margins(policy: torch.Tensor, reference: torch.Tensor, beta: float) -> torch.Tensor:
    """Give by how much the reward of each chosen answer is above that of the rejected one."""
    rewards = beta * (policy - reference)
    return rewards[:, 0] - rewards[:, 1]


def log_likelihoods(model: PreTrainedModel, group: Sequence[Pair], device: torch.device) -> torch.Tensor:
    """Give the log-likelihoods of the answers of pairs, in nats: [pairs, chosen and rejected]."""
    each = token_losses(model, pairs.pack(group, device))
    owners = pairs.answer_of_target(group, device)
    summed = torch.zeros(pairs.ROWS * len(group), device=device).index_add(0, owners, -each)
    return summed.view(len(group), pairs.ROWS)
