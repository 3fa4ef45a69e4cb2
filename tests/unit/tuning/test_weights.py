"""Casting weights changes their numbers' format and nothing else."""

from __future__ import annotations

import torch

from pipelines.tuning import weights
from tests.unit.tuning.conftest import tiny_model


def test_frequencies_keep_their_precision_and_tied_weights_stay_tied() -> None:
    model = tiny_model(64)
    before = model.get_buffer("model.rotary_emb.inv_freq").clone()
    weights.cast(model, torch.bfloat16)
    after = model.get_buffer("model.rotary_emb.inv_freq")
    assert after.dtype == torch.float32
    assert torch.equal(before, after)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    assert model.lm_head.weight is model.model.embed_tokens.weight
