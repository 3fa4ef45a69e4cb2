"""An adapter is merged whole or not at all: what is missing, unknown or of another size is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM

from pipelines.tuning import adapter_files, lora
from pipelines.tuning.container import TuningError
from tests.unit.tuning.conftest import tiny_model

Tensors = dict[str, torch.Tensor]
Q_PROJ = "base_model.model.model.layers.1.self_attn.q_proj"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a saved adapter that is far from doing nothing."""
    model = tiny_model(64)
    lora.attach(model, 4, 12, 0.0)
    for adapter in lora.adapters(model).values():
        torch.nn.init.normal_(adapter.b, std=0.1)
    adapter_files.save(model, tmp_path)
    return tmp_path


def change_tensors(folder: Path, change: Callable[[Tensors], Any]) -> None:
    tensors = load_file(folder / adapter_files.WEIGHTS)
    change(tensors)
    save_file(tensors, folder / adapter_files.WEIGHTS)


def change_options(folder: Path, **options: Any) -> None:
    path = folder / adapter_files.CONFIGURATION
    path.write_text(json.dumps(json.loads(path.read_text()) | options))


def refused(folder: Path, match: str, model: LlamaForCausalLM | None = None) -> None:
    with pytest.raises(TuningError, match=match):
        adapter_files.merge_saved(model or tiny_model(64), folder)


def test_an_adapter_for_another_model_is_refused(folder: Path) -> None:
    refused(folder, r"weights for 'model.layers.1.*which the base model lacks", tiny_model(64, num_hidden_layers=1))


def test_an_adapter_for_a_wider_model_is_refused_with_both_sizes(folder: Path) -> None:
    refused(folder, r"'model\.layers\.0\..*do not make the base model's 32 x 128", tiny_model(64, hidden_size=32))


def test_an_adapter_of_another_kind_is_refused(folder: Path) -> None:
    change_options(folder, peft_type="IA3")
    refused(folder, "describes 'IA3', not LORA")


@pytest.mark.parametrize(
    "options",
    [
        {"use_rslora": True},
        {"use_dora": True},
        {"rank_pattern": {"q_proj": 8}},
        {"alpha_pattern": {"q_proj": 8}},
        {"modules_to_save": ["lm_head"]},
        {"layers_to_transform": [1]},
        {"bias": "all"},
        {"init_lora_weights": "pissa"},
        {"an_option_of_tomorrow": 1},
    ],
)
def test_an_option_that_changes_the_arithmetic_is_refused_by_name(folder: Path, options: dict[str, Any]) -> None:
    change_options(folder, **options)
    [name] = options
    refused(folder, rf"adapter_config\.json has options that are not computed here: {name} = ")


@pytest.mark.parametrize("options", [{"use_rslora": False}, {"rank_pattern": {}}, {"qalora_group_size": 16}])
def test_an_option_that_is_off_is_none(folder: Path, options: dict[str, Any]) -> None:
    change_options(folder, **options)
    adapter_files.merge_saved(tiny_model(64), folder)


@pytest.mark.parametrize("options", [{"r": None}, {"r": 0}, {"lora_alpha": "12"}, {"target_modules": "all-linear"}])
def test_options_that_are_read_must_be_numbers_and_names(folder: Path, options: dict[str, Any]) -> None:
    change_options(folder, **options)
    refused(folder, "r and lora_alpha must be numbers above 0, and target_modules a list")


def test_a_rank_other_than_that_of_the_matrices_is_refused(folder: Path) -> None:
    change_options(folder, r=8)
    refused(folder, "with rank 8 do not make")


def test_a_configuration_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / adapter_files.CONFIGURATION).write_text('{"peft_type": "LO')
    refused(folder, r"adapter_config\.json is no adapter's configuration")


@pytest.mark.parametrize("end", ["lora_A", "lora_B"])
def test_half_a_pair_is_refused(folder: Path, end: str) -> None:
    change_tensors(folder, lambda tensors: tensors.pop(f"{Q_PROJ}.{end}.weight"))
    refused(folder, rf"adapter_model\.safetensors lacks '{Q_PROJ}\.{end}\.weight'")


def test_a_layer_that_was_adapted_and_has_no_weights_is_named(folder: Path) -> None:
    change_tensors(folder, lambda tensors: [tensors.pop(f"{Q_PROJ}.lora_{end}.weight") for end in "AB"])
    refused(folder, r"no weights for 'model\.layers\.1\.self_attn\.q_proj' \(1 of the 14 layers")


def test_an_adapter_without_weights_is_no_base_model(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.clear())
    refused(folder, r"adapter_model\.safetensors has no weights of an adapter")


def test_a_weight_that_is_no_adapter_s_is_refused(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update(magnitude=torch.ones(1)))
    refused(folder, "has 'magnitude', which is no adapter's weight")


def test_a_missing_or_torn_file_of_weights_is_named(folder: Path) -> None:
    weights = folder / adapter_files.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    refused(folder, r"adapter_model\.safetensors is not a whole safetensors file")
    weights.unlink()
    refused(folder, r"lacks adapter_model\.safetensors")
