"""Each quantization is what llama.cpp reads, and how far it is from the model is measured on the file."""

from __future__ import annotations

import math
from pathlib import Path

import gguf
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from pipelines.tuning import export, gguf_export, gguf_weights, settings
from pipelines.tuning.container import TuningError
from pipelines.tuning.fidelity import Fidelity
from pipelines.tuning.quantizations import BLOCK, DEFAULT, TYPES, tensor_type
from tests.unit.tuning.conftest import tiny_model
from tests.unit.tuning.gguf_models import QUESTIONS, ask_llama_cpp, ask_transformers, serve, silence_bytes

F32, Q8_0, Q4_1 = (gguf.GGMLQuantizationType[name] for name in ("F32", "Q8_0", "Q4_1"))


def test_the_settings_offer_what_can_be_written() -> None:
    assert tuple(TYPES) == settings.QUANTIZATIONS
    assert settings.parse_training([]).quantization == DEFAULT == "q8_0"


@pytest.mark.parametrize("quantization", TYPES)
def test_llama_cpp_computes_what_the_weights_read_back_compute(
    quantization: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = tiny_model(len(tokenizer) + 2, tie_word_embeddings=False).train(False)
    silence_bytes(model, tokenizer)
    path = tmp_path / "model.gguf"
    gguf_export.write(model, tokenizer, path, TYPES[quantization])
    server = serve(path)
    other = tiny_model(len(tokenizer) + 2, tie_word_embeddings=False, initializer_range=0.3).train(False)
    gguf_weights.load(other, path)
    for question in QUESTIONS:
        _, _, likely = ask_llama_cpp(server, question)
        _, _, logprobs = ask_transformers(other, tokenizer, question)
        # llama.cpp quantizes what a matrix is multiplied by, too.
        assert likely == pytest.approx({token: logprobs[token].item() for token in likely}, abs=0.25)


def test_four_bits_spare_the_embedding_and_the_head(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    model = tiny_model(len(tokenizer), tie_word_embeddings=False)
    gguf_export.write(model, tokenizer, tmp_path / "model.gguf", Q4_1)
    kinds = {tensor.name: tensor.tensor_type for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    assert kinds["token_embd.weight"] == kinds["output.weight"] == Q8_0
    assert kinds["blk.0.attn_q.weight"] == kinds["blk.1.ffn_down.weight"] == Q4_1
    assert kinds["output_norm.weight"] == F32


@given(st.sampled_from(list(TYPES)), st.integers(1, 4), st.integers(1, 4 * BLOCK))
def test_what_does_not_divide_into_blocks_stays_exact(quantization: str, rows: int, columns: int) -> None:
    kind = tensor_type("blk.0.ffn_up.weight", (rows, columns), TYPES[quantization])
    assert kind == (F32 if columns % BLOCK else TYPES[quantization])
    assert tensor_type("blk.0.ffn_norm.weight", (columns,), TYPES[quantization]) == F32


def test_weights_read_back_unquantized_are_the_models_own(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    model = tiny_model(len(tokenizer))
    gguf_export.write(model, tokenizer, tmp_path / "model.gguf", F32)
    other = tiny_model(len(tokenizer), initializer_range=0.3)
    gguf_weights.load(other, tmp_path / "model.gguf")
    read = other.state_dict()
    assert all(torch.equal(read[name], tensor) for name, tensor in model.state_dict().items())


def test_a_file_of_another_model_is_refused(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    gguf_export.write(tiny_model(len(tokenizer)), tokenizer, tmp_path / "model.gguf")
    with pytest.raises(TuningError, match=r"model\.gguf: '.*' is \(.*\), and the model's weight"):
        gguf_weights.load(tiny_model(len(tokenizer), intermediate_size=96), tmp_path / "model.gguf")
    with pytest.raises(TuningError, match=r"model\.gguf lacks the weight 'blk\.2\."):
        gguf_weights.load(tiny_model(len(tokenizer), num_hidden_layers=3), tmp_path / "model.gguf")


losses = st.floats(0, 20)


@given(losses, losses, st.floats(0, 1))
def test_it_is_too_far_off_exactly_if_the_losses_are_further_apart_than_the_tolerance(
    model: float, quantized: float, tolerance: float
) -> None:
    fidelity = Fidelity("q4_1", 1, model, quantized, tolerance)
    assert (fidelity.problem is None) == (abs(model - quantized) <= tolerance)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_too_far_off(broken: float) -> None:
    with pytest.raises(TuningError, match=r"exported as q4_0 is too far.*Set tuning\.quantization to q8_0"):
        export.check(Fidelity("q4_0", 1, 2.5, broken, 1.0))


def test_who_has_the_nearest_already_is_not_sent_to_it() -> None:
    with pytest.raises(TuningError, match=r"2\.7000, .* 2\.5000, and they may be 0\.05 apart\. Raise tuning\.quant"):
        export.check(Fidelity("q8_0", 1, 2.5, 2.7, 0.05))
