"""Preference pairs: one question in the pack, two answers, and nothing that shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from pipelines.tuning import kernels, lora, pairs, preferences
from pipelines.tuning.attention import PACKED
from pipelines.tuning.container import TuningError
from pipelines.tuning.examples import Example, Record
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.objectives import Preferences
from pipelines.tuning.pairs import Pair
from tests.unit.tuning.conftest import record, tiny_model, write_lines

CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=64, answers_at_once=4)


def pair_record(number: int) -> dict[str, Any]:
    each = record(number)
    each["messages"][0]["content"] += " bucket" * (number % 4)
    return {**each, "rejected": "queue role stream " * (1 + number % 3)}


def made(prompt: Sequence[int], chosen: Sequence[int], rejected: Sequence[int]) -> Pair:
    one, other = (Example(Record(str(prompt), ()), (*prompt, *answer), len(prompt)) for answer in (chosen, rejected))
    return Pair(one, other)


@pytest.fixture
def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    model = tiny_model(len(tokenizer))
    kernels.install(model)
    model.set_attn_implementation(PACKED)
    return model


@pytest.fixture
def data(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> list[Pair]:
    write_lines(tmp_path, [json.dumps(pair_record(number)) for number in range(7)])
    return pairs.load(tmp_path, 10, tokenizer, 200, seed=0)[0]


def naive(model: LlamaForCausalLM, some: Sequence[Pair]) -> torch.Tensor:
    """Give the log-likelihoods by plain transformers, each answer by itself behind its own question."""
    rows = []
    for pair in some:
        for example in (pair.chosen, pair.rejected):
            tokens = torch.tensor([example.tokens])
            logits = model(input_ids=tokens).logits.log_softmax(-1)[0, :-1]
            each = logits.gather(1, tokens[0, 1:, None]).squeeze(1)
            rows.append(each[example.completion_start - 1 :].sum())
    return torch.stack(rows).view(len(some), 2)


def gradients(model: LlamaForCausalLM, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    torch.autograd.backward(loss)
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_shared_question_has_the_loss_and_the_gradients_of_two(
    model: LlamaForCausalLM, data: list[Pair], tokenizer: PreTrainedTokenizerFast, smoothing: float
) -> None:
    plain = tiny_model(len(tokenizer)).double()
    before = naive(tiny_model(len(tokenizer), initializer_range=0.19).double(), data).detach()
    known = [replace(pair, reference=tuple(row)) for pair, row in zip(data, before.tolist(), strict=True)]
    expected_loss = preferences.losses(naive(plain, data), before, 0.3, smoothing).sum()
    loss = Preferences(0.3, smoothing).summed_loss(model, known, CPU.device)
    torch.testing.assert_close(loss.double(), expected_loss, rtol=1e-5, atol=1e-5)
    expected, actual = gradients(plain, expected_loss), gradients(model, loss)
    assert actual.keys() == expected.keys()
    for name, gradient in expected.items():
        atol = 1e-4 * float(gradient.abs().max())
        torch.testing.assert_close(actual[name].double(), gradient, rtol=1e-3, atol=atol)


def test_groups_give_what_all_pairs_at_once_give(model: LlamaForCausalLM, data: list[Pair]) -> None:
    objective = Preferences(0.1, 0.0)
    known = objective.with_reference(model, data, CPU, lambda *_: None)
    together = objective.summed_loss(model, known, CPU.device)
    groups = list(objective.groups(known, 48))
    assert len(groups) > 2
    assert sorted(map(id, known)) == sorted(id(pair) for group in groups for pair in group)
    summed = sum(objective.summed_loss(model, group, CPU.device) for group in groups)
    torch.testing.assert_close(together, summed, rtol=1e-5, atol=1e-5)


def test_against_itself_a_model_prefers_nothing(model: LlamaForCausalLM, data: list[Pair]) -> None:
    objective = Preferences(0.1, 0.0)
    known = objective.with_reference(model, data, CPU, lambda *_: None)
    assert objective.mean_loss(model, known, CPU, lambda *_: None) == pytest.approx(0.693147, rel=1e-4)


def test_the_reference_is_the_base_model_s_whatever_the_adapter_has_learned(
    model: LlamaForCausalLM, data: list[Pair]
) -> None:
    objective = Preferences(0.1, 0.0)
    base = objective.with_reference(model, data, CPU, lambda *_: None)
    lora.attach(model, rank=2, alpha=4, dropout=0.0)
    for adapter in lora.adapters(model).values():
        torch.nn.init.normal_(adapter.b)
    again = objective.with_reference(model, data, CPU, lambda *_: None)
    assert [pair.reference for pair in again] == [pytest.approx(pair.reference, rel=1e-5) for pair in base]
    assert naive_differs(model, again)


def naive_differs(model: LlamaForCausalLM, known: Sequence[Pair]) -> bool:
    now = preferences.log_likelihoods(model, known, CPU.device)
    return not torch.allclose(now, torch.tensor([pair.known_reference for pair in known]), atol=0.1)


ANSWER = st.lists(st.integers(0, 99), min_size=1, max_size=6)


@given(st.lists(st.tuples(ANSWER, ANSWER, ANSWER), min_size=1, max_size=5))
def test_a_pack_holds_each_question_once_and_every_answer_token_is_a_target(
    parts: list[tuple[list[int], list[int], list[int]]],
) -> None:
    some = [made(*part) for part in parts]
    pack = pairs.pack(some, torch.device("cpu"))
    assert pack.tokens[0].tolist() == [token for part in parts for piece in part for token in piece]
    assert pack.targets.tolist() == [token for _, chosen, rejected in parts for token in (*chosen, *rejected)]
    assert len(pairs.answer_of_target(some, torch.device("cpu"))) == len(pack.targets)
    layout = pack.layout
    rows = pack.tokens[0][layout.token_of_place].view(layout.rows, layout.width)
    positions = pack.positions[0][layout.token_of_place].view(layout.rows, layout.width)
    for row, (prompt, answer) in enumerate((p, a) for p, *answers in parts for a in answers):
        whole = [*prompt, *answer]
        assert rows[row, : len(whole)].tolist() == whole
        assert positions[row, : len(whole)].tolist() == list(range(len(whole)))
    # There and back again.
    assert torch.equal(pack.tokens[0][layout.token_of_place][layout.place_of_token], pack.tokens[0])


def test_a_long_question_is_cut_alike_for_both_answers(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    long = pair_record(2)
    long["messages"][0]["content"] = " ".join(["bucket"] * 60)
    write_lines(tmp_path, [json.dumps(long)])
    [whole], _ = pairs.load(tmp_path, 1, tokenizer, 200, seed=0)
    [cut], census = pairs.load(tmp_path, 1, tokenizer, 60, seed=0)
    assert census.truncated == 1
    assert cut.width <= 60 < whole.width
    assert cut.chosen.prompt == cut.rejected.prompt
    assert (cut.chosen.answer, cut.rejected.answer) == (whole.chosen.answer, whole.rejected.answer)


def test_two_equal_answers_are_skipped(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    same = pair_record(1)
    same["rejected"] = same["messages"][-1]["content"]
    write_lines(tmp_path, [json.dumps(pair_record(0)), json.dumps(same)])
    loaded, census = pairs.load(tmp_path, 5, tokenizer, 200, seed=0)
    assert len(loaded) == 1
    assert census.skipped == {"with two equal answers": 1}


def test_a_record_without_a_rejected_answer_is_named(tmp_path: Path) -> None:
    write_lines(tmp_path, [json.dumps(pair_record(0)), json.dumps(record(1))])
    with pytest.raises(TuningError, match=r"line 2: no preference pair.*data\.columns\.rejected"):
        list(pairs.pairs_in(tmp_path))
