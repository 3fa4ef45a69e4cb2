"""all-MiniLM-L6-v2 as a GGUF file, so that the one kind of server serves embeddings too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.weights.cache import made_once
from twin.weights.packages import MINILM_DISTRIBUTION, cache_name, minilm_checkpoint

_REVISION = 1
_FILE = "all-MiniLM-L6-v2.f16.gguf"
# The pooler is no part of a sentence embedding; the position ids are a constant sequence.
_LEFT_OUT = ("pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids")


def embedding_gguf(cache_dir: Path) -> Path:
    """GGUF file of all-MiniLM-L6-v2 with half-precision weights (45 MB); written into `cache_dir` once.

    Raises WeightsMissingError where the package with the weights is not installed.
    """
    source = minilm_checkpoint()
    name = cache_name("all-minilm-l6-v2", MINILM_DISTRIBUTION, _REVISION)
    return made_once(cache_dir / name, lambda folder: _convert(source, folder / _FILE)) / _FILE


def _convert(source: Path, target: Path) -> None:
    from gguf import MODEL_ARCH_NAMES, GGUFWriter
    from gguf.constants import MODEL_ARCH

    writer = GGUFWriter(target, MODEL_ARCH_NAMES[MODEL_ARCH.BERT])
    configuration = json.loads((source / "config.json").read_text())
    _add_configuration(writer, configuration)
    _add_vocabulary(writer, source)
    for name, tensor in _tensors(source, configuration["num_hidden_layers"]):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_configuration(writer: Any, configuration: dict[str, Any]) -> None:
    from gguf import LlamaFileType, PoolingType

    writer.add_name("all-MiniLM-L6-v2")
    writer.add_context_length(configuration["max_position_embeddings"])
    writer.add_embedding_length(configuration["hidden_size"])
    writer.add_feed_forward_length(configuration["intermediate_size"])
    writer.add_block_count(configuration["num_hidden_layers"])
    writer.add_head_count(configuration["num_attention_heads"])
    writer.add_layer_norm_eps(configuration["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)


def _add_vocabulary(writer: Any, source: Path) -> None:
    """WordPiece as llama.cpp wants it: a word's beginning is marked, where BERT marks the continuation."""
    from gguf import TokenType

    words = (source / "vocab.txt").read_text().splitlines()
    special = json.loads((source / "special_tokens_map.json").read_text())
    marks = set(special.values())
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([_token(word) for word in words])
    writer.add_token_types([TokenType.CONTROL if word in marks else TokenType.NORMAL for word in words])
    writer.add_token_type_count(2)
    writer.add_bos_token_id(words.index(special["cls_token"]))
    writer.add_eos_token_id(words.index(special["sep_token"]))
    writer.add_sep_token_id(words.index(special["sep_token"]))
    writer.add_unk_token_id(words.index(special["unk_token"]))
    writer.add_pad_token_id(words.index(special["pad_token"]))
    writer.add_mask_token_id(words.index(special["mask_token"]))


def _token(word: str) -> str:
    if word.startswith("[") and word.endswith("]"):
        return word
    return word[2:] if word.startswith("##") else f"\u2581{word}"


def _tensors(source: Path, layers: int) -> Iterator[tuple[str, Any]]:
    """Names in GGUF with tensors: matrices in half precision, vectors and small tables in single."""
    import numpy as np
    from gguf import MODEL_ARCH, get_tensor_name_map
    from safetensors.numpy import load_file

    known = get_tensor_name_map(MODEL_ARCH.BERT, layers)
    for name, tensor in load_file(source / "model.safetensors").items():
        if name in _LEFT_OUT:
            continue
        renamed = known.get_name(name, try_suffixes=(".weight", ".bias"))
        if renamed is None:
            raise ValueError(f"The tensor {name} of {source} has no name in GGUF.")
        small = tensor.ndim == 1 or "position" in name or "token_type" in name
        yield renamed, tensor.astype(np.float32 if small else np.float16)
