"""llama.cpp computes with the exported file what transformers computes with the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import pytest
from tokenizers import pre_tokenizers
from transformers import LlamaConfig, PreTrainedTokenizerFast, Qwen2Config

from pipelines.tuning import gguf_export
from pipelines.tuning.container import TuningError
from tests.unit.tuning.conftest import tiny_model, tiny_tokenizer
from tests.unit.tuning.gguf_models import QUESTIONS, ask_llama_cpp, ask_transformers, serve, silence_bytes

F32 = gguf.GGMLQuantizationType.F32
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


@pytest.mark.parametrize("rope", [{"rope_type": "default", "rope_theta": 10000.0}, LLAMA3_ROPE])
def test_llama_cpp_agrees_on_tokens_logits_and_text(
    rope: dict[str, Any], tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = tiny_model(len(tokenizer) + 2, rope_parameters=rope, tie_word_embeddings=False).train(False)
    silence_bytes(model, tokenizer)
    gguf_export.write(model, tokenizer, tmp_path / "model.gguf", F32)
    server = serve(tmp_path / "model.gguf")
    for question in QUESTIONS:
        text, prompt_tokens, likely = ask_llama_cpp(server, question)
        expected_text, expected_tokens, logprobs = ask_transformers(model, tokenizer, question)
        assert prompt_tokens == expected_tokens
        # llama.cpp keeps keys and values in fp16.
        assert likely == pytest.approx({token: logprobs[token].item() for token in likely}, abs=1e-2)
        assert text == expected_text


def test_matrices_are_q8_0_and_vectors_stay_exact(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    model = tiny_model(len(tokenizer))
    gguf_export.write(model, tokenizer, tmp_path / "model.gguf")
    tensors = {each.name: each for each in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    assert "output.weight" not in tensors  # tied to the embedding
    for name, tensor in tensors.items():
        assert tensor.tensor_type == (F32 if "norm" in name else gguf.GGMLQuantizationType.Q8_0), name
    down = tensors["blk.1.ffn_down.weight"]
    restored = gguf.quants.dequantize(down.data, down.tensor_type)
    original = model.model.layers[1].mlp.down_proj.weight.detach().numpy()
    assert abs(restored - original).max() < 0.01 * abs(original).max()


def test_ids_without_a_token_are_unused(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    model = tiny_model(len(tokenizer) + 2)
    gguf_export.write(model, tokenizer, tmp_path / "model.gguf")
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    assert tokens[-1] == f"[PAD{len(tokenizer) + 1}]"
    assert kinds[:3] == [gguf.TokenType.CONTROL] * 3
    assert kinds[-2:] == [gguf.TokenType.UNUSED] * 2
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    assert fields["tokenizer.chat_template"].contents() == tokenizer.chat_template


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (Qwen2Config(architectures=["Qwen2ForCausalLM"]), "its architecture is Qwen2ForCausalLM"),
        (LlamaConfig(architectures=["LlamaForCausalLM"], attention_bias=True), "its projections have biases"),
        (LlamaConfig(architectures=["LlamaForCausalLM"], hidden_act="gelu"), "its activation is 'gelu', not silu"),
        (
            LlamaConfig(
                architectures=["LlamaForCausalLM"],
                rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0},
            ),
            "its position embedding is 'dynamic'",
        ),
    ],
)
def test_a_model_without_counterpart_is_refused(
    config: LlamaConfig, reason: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    with pytest.raises(TuningError, match=f"cannot be exported for serving: {reason}"):
        gguf_export.check_exportable(config, tokenizer)


def test_a_tokenizer_without_counterpart_is_refused() -> None:
    foreign = tiny_tokenizer()
    foreign.backend_tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = LlamaConfig(architectures=["LlamaForCausalLM"])
    with pytest.raises(TuningError, match="splits text by a rule other than those of gpt-2, smollm, llama-bpe"):
        gguf_export.check_exportable(config, foreign)
