"""The loss is the textbook one, computed from fewer logits and from examples behind one another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from pipelines.tuning import batches, examples, kernels, losses
from pipelines.tuning.attention import PACKED
from pipelines.tuning.hardware import Hardware
from tests.unit.tuning.conftest import record, tiny_model, write_lines

CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=64, answers_at_once=4)


@pytest.fixture
def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Give a model that computes as in training."""
    model = tiny_model(len(tokenizer))
    kernels.install(model)
    model.set_attn_implementation(PACKED)
    return model


@pytest.fixture
def data(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> list[examples.Example]:
    unequal = [record(number) for number in range(7)]
    for number, each in enumerate(unequal):
        each["messages"][0]["content"] += " bucket" * 2 * number
    write_lines(tmp_path, [json.dumps(each) for each in unequal])
    return examples.load(tmp_path, 10, tokenizer, 200, seed=0)[0]


def gradients(model: LlamaForCausalLM, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    torch.autograd.backward(loss)
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def loss_of(model: LlamaForCausalLM, some: Sequence[examples.Example]) -> torch.Tensor:
    return losses.summed_loss(model, batches.pack(some, CPU.device))


def test_a_pack_has_the_loss_and_the_gradients_of_its_examples_one_by_one_in_plain_transformers(
    model: LlamaForCausalLM, data: list[examples.Example], tokenizer: PreTrainedTokenizerFast
) -> None:
    plain = tiny_model(len(tokenizer))
    total = torch.zeros(())
    for example in data:
        tokens = torch.tensor([example.tokens])
        labels = tokens.clone()
        labels[:, : example.completion_start] = -100
        answers = len(example.tokens) - example.completion_start
        total = total + plain(input_ids=tokens, labels=labels).loss * answers
    packed = loss_of(model, data)
    torch.testing.assert_close(packed, total, rtol=1e-5, atol=0)
    expected = gradients(plain, total)
    actual = gradients(model, packed)
    assert actual.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(actual[name], gradient, rtol=1e-5, atol=1e-5 * float(gradient.abs().max()))


@pytest.mark.parametrize("tied", [True, False])
def test_gradients_of_one_pass_after_another_add_up(
    data: list[examples.Example], tokenizer: PreTrainedTokenizerFast, tied: bool
) -> None:
    model = tiny_model(len(tokenizer), tie_word_embeddings=tied)
    kernels.install(model)
    model.set_attn_implementation(PACKED)
    expected = gradients(model, loss_of(model, data))
    model.zero_grad()
    for some in (data[:2], data[2:3], data[3:]):
        torch.autograd.backward(loss_of(model, some))
    for name, weight in model.named_parameters():
        assert weight.grad is not None
        torch.testing.assert_close(
            weight.grad, expected[name], rtol=1e-5, atol=1e-5 * float(expected[name].abs().max())
        )


def test_what_else_is_in_the_pack_changes_nothing(model: LlamaForCausalLM, data: list[examples.Example]) -> None:
    first, second, third = data[:3]
    alone = loss_of(model, [second])
    for companions in ([first], [third], [third, first]):
        together = loss_of(model, [*companions, second])
        torch.testing.assert_close(together - loss_of(model, companions), alone, rtol=1e-5, atol=1e-4)


def test_logits_a_few_rows_at_a_time_give_the_loss_and_gradient_of_all_at_once(
    model: LlamaForCausalLM, data: list[examples.Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = loss_of(model, data)
    expected = gradients(model, whole)
    monkeypatch.setattr(kernels, "LOGITS_AT_ONCE", 3)
    pieces = loss_of(model, data)
    torch.testing.assert_close(pieces, whole)
    for name, gradient in gradients(model, pieces).items():
        atol = 1e-5 * float(expected[name].abs().max())
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=atol)


def test_the_held_out_loss_is_a_mean_over_answer_tokens_and_leaves_the_mode_alone(
    model: LlamaForCausalLM, data: list[examples.Example]
) -> None:
    model.train()
    seen: list[tuple[int, int]] = []
    mean = losses.mean_loss(model, data, CPU, lambda *at: seen.append(at))
    assert seen[-1] == (len(data), len(data))
    assert mean == pytest.approx(loss_of(model, data).item() / batches.answer_tokens(data))
    assert model.training


@pytest.mark.parametrize("keeping", [True, False])
def test_the_head_s_gradient_is_taken_only_where_gradients_are_kept(
    model: LlamaForCausalLM, data: list[examples.Example], monkeypatch: pytest.MonkeyPatch, keeping: bool
) -> None:
    contexts: list[Any] = []
    forward = kernels.AnswerLoss.forward

    def watched(ctx: Any, *arguments: torch.Tensor) -> torch.Tensor:
        contexts.append(ctx)
        return forward(ctx, *arguments)

    monkeypatch.setattr(kernels.AnswerLoss, "forward", staticmethod(watched))
    with torch.set_grad_enabled(keeping):
        loss_of(model, data)
    [ctx] = contexts
    assert (ctx.of_weight is not None) == (ctx.of_hidden is not None) == keeping
