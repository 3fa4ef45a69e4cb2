"""The loss is the textbook one, computed from fewer logits and in smaller pieces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from pipelines.tuning import batches, examples, losses
from pipelines.tuning.hardware import Hardware
from tests.unit.tuning.conftest import record, tiny_model, write_lines

CPU = Hardware(torch.device("cpu"), torch.float32, "eager", tokens_at_once=64, answers_at_once=4)


@pytest.fixture
def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    return tiny_model(len(tokenizer))


@pytest.fixture
def data(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> list[examples.Example]:
    unequal = [record(number) for number in range(7)]
    for number, each in enumerate(unequal):
        each["messages"][0]["content"] += " bucket" * 2 * number
    write_lines(tmp_path, [json.dumps(each) for each in unequal])
    return examples.load(tmp_path, 10, tokenizer, 200, seed=0)[0]


def test_it_equals_cross_entropy_over_all_logits(
    model: LlamaForCausalLM, data: list[examples.Example], tokenizer: PreTrainedTokenizerFast
) -> None:
    batch = batches.collate(data, tokenizer.pad_token_id, CPU.device)
    lengths = torch.tensor([[len(example.tokens)] for example in data])
    mask = (torch.arange(batch.tokens.shape[1]) < lengths).long()
    expected = model(input_ids=batch.tokens, attention_mask=mask, labels=batch.labels).loss
    actual = losses.summed_loss(model, batch) / batches.answer_tokens(data)
    torch.testing.assert_close(actual, expected)


def test_micro_batches_give_the_loss_and_the_gradient_of_the_whole(
    model: LlamaForCausalLM, data: list[examples.Example], tokenizer: PreTrainedTokenizerFast
) -> None:
    def gradient(groups: list[list[examples.Example]]) -> tuple[float, torch.Tensor]:
        model.zero_grad()
        total = 0.0
        for group in groups:
            loss = losses.summed_loss(model, batches.collate(group, tokenizer.pad_token_id, CPU.device))
            torch.autograd.backward(loss)
            total += loss.item()
        weight = model.model.layers[0].self_attn.q_proj.weight
        assert weight.grad is not None
        return total, weight.grad.clone()

    pieces = list(batches.micro_batches(data, 128))
    assert len(pieces) > 2
    whole_loss, whole = gradient([data])
    pieces_loss, summed = gradient(pieces)
    assert pieces_loss == pytest.approx(whole_loss)
    torch.testing.assert_close(summed, whole)


def test_the_held_out_loss_is_a_mean_over_answer_tokens_and_leaves_the_mode_alone(
    model: LlamaForCausalLM, data: list[examples.Example], tokenizer: PreTrainedTokenizerFast
) -> None:
    model.train()
    seen: list[tuple[int, int]] = []
    mean = losses.mean_loss(model, data, tokenizer.pad_token_id, CPU, lambda *at: seen.append(at))
    assert seen[-1] == (len(data), len(data))
    whole = losses.summed_loss(model, batches.collate(data, tokenizer.pad_token_id, CPU.device))
    assert mean == pytest.approx(whole.item() / batches.answer_tokens(data))
    assert model.training
