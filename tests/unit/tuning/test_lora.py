"""The adapter computes what PEFT's computes, and its files are PEFT's."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

from pipelines.tuning import adapter_files, lora
from tests.unit.tuning.conftest import tiny_model

TOKENS = torch.tensor([[5, 6, 7, 8, 9]])


@pytest.fixture
def base() -> LlamaForCausalLM:
    return tiny_model(64)


@pytest.fixture
def adapted(base: LlamaForCausalLM) -> LlamaForCausalLM:
    """Give the base with an adapter that is far from doing nothing."""
    model = copy.deepcopy(base)
    lora.attach(model, 4, 12, 0.0)
    for adapter in lora.adapters(model).values():
        torch.nn.init.normal_(adapter.b, std=0.1)
    return model


def test_an_adapter_begins_by_changing_nothing(base: LlamaForCausalLM) -> None:
    before = base(TOKENS).logits
    lora.attach(base, 4, 8, 0.0)
    torch.testing.assert_close(base(TOKENS).logits, before)
    assert len(lora.adapters(base)) == 2 * 7


def test_peft_reads_the_files_and_gives_the_same_logits_and_gradients(
    base: LlamaForCausalLM, adapted: LlamaForCausalLM, tmp_path: Path
) -> None:
    adapter_files.save(adapted, tmp_path)
    theirs = PeftModel.from_pretrained(base, str(tmp_path), is_trainable=True)
    for model in (theirs, adapted):
        torch.autograd.backward(model(TOKENS).logits.square().sum())
    torch.testing.assert_close(adapted(TOKENS).logits, theirs(TOKENS).logits)
    parameters = dict(theirs.named_parameters())
    for path, adapter in lora.adapters(adapted).items():
        for ours, name in ((adapter.a, "lora_A"), (adapter.b, "lora_B")):
            expected = parameters[f"base_model.model.{path}.{name}.default.weight"].grad
            assert expected is not None
            torch.testing.assert_close(ours.grad, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_a_saved_adapter_is_added_to_its_base_as_it_is_merged(
    base: LlamaForCausalLM, adapted: LlamaForCausalLM, tmp_path: Path
) -> None:
    expected = adapted(TOKENS).logits
    adapter_files.save(adapted, tmp_path)
    lora.merge(adapted)
    adapter_files.merge_saved(base, tmp_path)
    assert not lora.adapters(adapted)
    torch.testing.assert_close(adapted(TOKENS).logits, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(base(TOKENS).logits, adapted(TOKENS).logits)


def test_dropout_leaves_a_share_of_the_inputs_out_and_keeps_their_mean() -> None:
    torch.manual_seed(0)
    layer = lora.LoraLinear(torch.nn.Linear(8, 2, bias=False), rank=4, alpha=4, dropout=0.25)
    torch.nn.init.normal_(layer.b)
    x = torch.randn(1, 8, requires_grad=True)
    expected = layer.eval()(x)
    many = layer.train()(x.expand(40_000, 8))
    torch.testing.assert_close(many.mean(0, keepdim=True), expected, rtol=0.02, atol=0.02)
    assert len(many.unique(dim=0)) > 100


def test_dropout_s_gradient_is_that_of_what_was_computed() -> None:
    layer = lora.LoraLinear(torch.nn.Linear(6, 3, bias=False), rank=2, alpha=4, dropout=0.5).double()
    layer.base.requires_grad_(False)
    torch.nn.init.normal_(layer.b)

    def output(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(7)
        result: torch.Tensor = lora._Projection.apply(x, layer.base.weight, a, b, 2.0, 0.5)  # type: ignore[no-untyped-call]
        return result

    x = torch.randn(5, 6, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(output, (x, layer.a, layer.b))
