"""Packs fit the memory that there is, and a layer that is computed again gives the same gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning import kernels, memory, methods
from pipelines.tuning.attention import PACKED
from pipelines.tuning.examples import Example, Record
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.loop import Trainer
from pipelines.tuning.processes import ALONE
from pipelines.tuning.settings import METHODS, parse_training
from tests.unit.tuning.conftest import tiny_model

CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=512, answers_at_once=4)
SIZES = st.floats(1, 1e7)


@given(st.integers(1, 20_000), st.integers(1, 100_000), st.floats(1, 1e12), SIZES, SIZES)
def test_a_pack_fits_the_room_and_layers_are_computed_again_only_where_the_longest_example_would_not(
    usual: int, longest: int, room: float, kept: float, kept_recomputing: float
) -> None:
    plan = memory.planned(usual, longest, room, kept=kept, kept_recomputing=kept_recomputing)
    assert 1 <= plan.tokens_at_once <= usual
    assert plan.recompute == (kept * min(usual, longest) > room)
    if not plan.recompute:
        assert plan.tokens_at_once * kept <= room
        assert plan.tokens_at_once >= min(usual, longest)


def test_the_usual_pack_stays_where_there_is_room_for_it() -> None:
    assert memory.planned(512, 100, 1e12, kept=1e6, kept_recomputing=1e4) == memory.Plan(512, recompute=False)


def trained(method: str, room: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Trainer, memory.Plan, int]:
    """A model with the gradients of a batch, and how many bytes were kept for them."""
    model = tiny_model(300, attn_implementation=PACKED)
    kernels.install(model)
    settings = replace(parse_training(["--method", method, "--trained_layers", "1"]), batch_size=3)
    torch.manual_seed(1)
    weights = methods.prepare(model, settings)
    monkeypatch.setattr(memory, "memory_of", lambda *_: room)
    hardware, plan = memory.fit(model, weights, 40, CPU, ALONE)
    examples = [Example(Record("", ()), tuple(range(5, 5 + length)), 4) for length in (20, 30, 40)]
    trainer = Trainer(model, weights, examples, settings, replace(hardware, tokens_at_once=512))
    model.train()
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    torch.manual_seed(2)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        trainer.gradients(examples)
    return trainer, plan, sum(kept.values())


@pytest.mark.parametrize("method", METHODS)
def test_layers_that_are_computed_again_give_the_same_gradients_to_the_last_bit_and_keep_less(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, with_room, keeps_all = trained(method, 1e12, monkeypatch)
    again, without, keeps_little = trained(method, 0, monkeypatch)
    assert (with_room.recompute, without.recompute) == (False, True)
    for one, other in zip(usual.weights, again.weights, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)
    assert keeps_little < keeps_all
