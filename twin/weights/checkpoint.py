"""SmolLM2's GGUF file as the Hugging Face checkpoint that training starts from.

transformers reads GGUF files too, but takes many times as long and cannot save what it read. The tensors here are the
same: dequantized, in bfloat16, with the rows of the query and key projections back in Hugging Face's order
(llama.cpp interleaves the halves that rotary embeddings rotate).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twin.weights.cache import made_once
from twin.weights.packages import SMOLLM2_DISTRIBUTION, cache_name, smollm2_gguf

OnProgress = Callable[[int, int], None]
_REVISION = 1
_CONTROL_TOKEN = 3  # GGUF's token type of what the tokenizer must never split or merge
_LAYER_TENSORS = (
    "input_layernorm",
    "post_attention_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)


def base_checkpoint(cache_dir: Path, on_progress: OnProgress | None = None) -> Path:
    """Folder with SmolLM2-135M-Instruct as safetensors in bfloat16 (270 MB), its configuration and tokenizer.

    Converted into `cache_dir` by the first call, in seconds; `on_progress(done, total)` counts tensors.
    Raises WeightsMissingError where the package with the weights is not installed.
    """
    source = smollm2_gguf()
    name = cache_name("smollm2-135m-instruct", SMOLLM2_DISTRIBUTION, _REVISION)
    return made_once(cache_dir / name, lambda folder: _convert(source, folder, on_progress))


def _convert(source: Path, folder: Path, on_progress: OnProgress | None) -> None:
    from gguf import GGUFReader

    reader = GGUFReader(source)
    facts = {name: field.contents() for name, field in reader.fields.items()}
    _write_tensors(reader.tensors, facts, folder, on_progress)
    _write_tokenizer(facts, folder)
    (folder / "config.json").write_text(json.dumps(_configuration(facts), indent=2))


def _write_tensors(tensors: Any, facts: dict[str, Any], folder: Path, on_progress: OnProgress | None) -> None:
    import torch
    from gguf.quants import dequantize
    from safetensors.torch import save_file

    names = dict(_tensor_names(facts["llama.block_count"]))
    heads = {"attn_q": facts["llama.attention.head_count"], "attn_k": facts["llama.attention.head_count_kv"]}
    converted: dict[str, torch.Tensor] = {}
    for done, tensor in enumerate(tensors, start=1):
        # Copied because the file is mapped read-only.
        weight = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        head_count = heads.get(tensor.name.split(".")[-2])
        if head_count:
            pairs = weight.reshape(head_count, weight.shape[0] // head_count // 2, 2, weight.shape[1])
            weight = pairs.transpose(1, 2).reshape(weight.shape)
        converted[names[tensor.name]] = weight.to(torch.bfloat16).contiguous()
        if on_progress:
            on_progress(done, len(tensors))
    save_file(converted, folder / "model.safetensors", metadata={"format": "pt"})


def _tensor_names(layers: int) -> Iterator[tuple[str, str]]:
    """Pairs of a tensor's name in GGUF and in Hugging Face's Llama."""
    from gguf import MODEL_ARCH, get_tensor_name_map

    known = get_tensor_name_map(MODEL_ARCH.LLAMA, layers)
    modules = ["model.embed_tokens", "model.norm"]
    modules += [f"model.layers.{layer}.{part}" for layer in range(layers) for part in _LAYER_TENSORS]
    for module in modules:
        yield f"{known.get_name(module)}.weight", f"{module}.weight"


def _write_tokenizer(facts: dict[str, Any], folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if (facts["tokenizer.ggml.model"], facts["tokenizer.ggml.pre"]) != ("gpt2", "smollm"):
        raise ValueError(f"The tokenizer {facts['tokenizer.ggml.pre']} is not the one that is written here.")
    tokens: list[str] = facts["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = facts["tokenizer.ggml.token_type"]
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {
        "bos_token": tokens[facts["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[facts["tokenizer.ggml.eos_token_id"]],
        "unk_token": tokens[facts["tokenizer.ggml.unknown_token_id"]],
        "pad_token": tokens[facts["tokenizer.ggml.padding_token_id"]],
    }
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": facts["llama.context_length"],
        "clean_up_tokenization_spaces": False,
        "chat_template": facts["tokenizer.chat_template"],
        **special,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2))


def _configuration(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": facts["llama.vocab_size"],
        "hidden_size": facts["llama.embedding_length"],
        "intermediate_size": facts["llama.feed_forward_length"],
        "num_hidden_layers": facts["llama.block_count"],
        "num_attention_heads": facts["llama.attention.head_count"],
        "num_key_value_heads": facts["llama.attention.head_count_kv"],
        "rms_norm_eps": facts["llama.attention.layer_norm_rms_epsilon"],
        "rope_theta": facts["llama.rope.freq_base"],
        "max_position_embeddings": facts["llama.context_length"],
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "bos_token_id": facts["tokenizer.ggml.bos_token_id"],
        "eos_token_id": facts["tokenizer.ggml.eos_token_id"],
        "pad_token_id": facts["tokenizer.ggml.padding_token_id"],
        "torch_dtype": "bfloat16",
    }
