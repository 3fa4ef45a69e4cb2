"""Write a model as GGUF, the one file that llama.cpp serves: quantized weights, tokenizer and chat template.

The `gguf` package knows the format, the tensors' names and the quantization. What a model family needs beyond
that stands here, for the Llama architecture: its rotary embedding pairs neighbouring dimensions in llama.cpp,
and dimension i with i + half in transformers, so that the rows of the query and key projections change places.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import gguf_tokenizer
from pipelines.tuning.container import TuningError
from pipelines.tuning.progress import log_phase, log_progress
from pipelines.tuning.quantizations import FILE_TYPES, tensor_type

ARCHITECTURE = "LlamaForCausalLM"
# Their frequencies are fixed, so that one tensor of factors expresses them.
ROPE_TYPES = ("default", "linear", "llama3")

Array = npt.NDArray[np.float32]


def check_exportable(config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse now what `write` could not export later.

    Raises:
        TuningError: the architecture, its variant, or the tokenizer has no counterpart here.
    """
    problems = []
    architectures = config.architectures or []
    if ARCHITECTURE not in architectures:
        problems.append(f"its architecture is {', '.join(architectures) or 'unknown'}, not {ARCHITECTURE}")
    else:
        rope_type = config.rope_parameters.get("rope_type", "default")
        if rope_type not in ROPE_TYPES:
            problems.append(f"its position embedding is '{rope_type}', not one of {', '.join(ROPE_TYPES)}")
        if config.attention_bias or config.mlp_bias:
            problems.append("its projections have biases")
        if config.hidden_act != "silu":
            problems.append(f"its activation is '{config.hidden_act}', not silu")
    problems += gguf_tokenizer.problems(tokenizer)
    if problems:
        raise TuningError(
            f"The base model cannot be exported for serving: {'; '.join(problems)}. "
            "Choose a Llama-architecture model with a byte-level BPE tokenizer."
        )


def write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    path: Path,
    quantization: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.Q8_0,
) -> None:
    """Write `model` (fp32, adapter merged) and its tokenizer to `path`, its matrices in `quantization`.

    `gguf_weights.load` reads the weights back.
    """
    config = model.config
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(FILE_TYPES[quantization])
    _add_hyperparameters(writer, config)
    gguf_tokenizer.add(writer, tokenizer, config.vocab_size)

    names = tensor_names(model)
    state = model.state_dict()
    for done, (name, target) in enumerate(names.items(), start=1):
        _add_tensor(writer, target, _arranged(name, state[name], config), quantization)
        if done % 50 == 0 or done == len(names):
            log_progress("export", done, len(names))
    factors = _rope_factors(model)
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", factors)

    log_phase("save")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensor_names(model: PreTrainedModel) -> dict[str, str]:
    """Give the names in GGUF by the names of the model's weights; of a head that is the embedding too, the latter's.

    Raises:
        TuningError: a weight has no counterpart.
    """
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    found = {}
    for name in model.state_dict():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        target = known.get_name(name, try_suffixes=(".weight",))
        if target is None:
            raise TuningError(f"The weight '{name}' has no counterpart in GGUF's Llama architecture.")
        found[name] = target
    return found


def heads_rearranged(name: str, config: PretrainedConfig) -> int | None:
    """Give how many heads a projection has whose rows change places, or None for any other weight."""
    if name.endswith("q_proj.weight"):
        return int(config.num_attention_heads)
    return int(config.num_key_value_heads) if name.endswith("k_proj.weight") else None


def _add_hyperparameters(writer: gguf.GGUFWriter, config: PretrainedConfig) -> None:
    head_size = config.head_dim or config.hidden_size // config.num_attention_heads
    writer.add_name("Fine-tuned Llama model")
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head_size)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


def _arranged(name: str, tensor: torch.Tensor, config: PretrainedConfig) -> Array:
    array: Array = tensor.detach().to("cpu", torch.float32).numpy()
    heads = heads_rearranged(name, config)
    return array if heads is None else _interleaved(array, heads)


def _interleaved(projection: Array, heads: int) -> Array:
    """Within each head, bring rows i and i + half next to each other."""
    rows, columns = projection.shape
    halves = projection.reshape(heads, 2, rows // heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def _add_tensor(writer: gguf.GGUFWriter, name: str, array: Array, quantization: gguf.GGMLQuantizationType) -> None:
    kind = tensor_type(name, array.shape, quantization)
    if kind is gguf.GGMLQuantizationType.F32:
        writer.add_tensor(name, array)
    else:
        writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)


def _rope_factors(model: PreTrainedModel) -> Array | None:
    """By what llama.cpp must divide its own frequencies to get the model's; None if they are the same."""
    config = model.config
    if config.rope_parameters.get("rope_type", "default") == "default":
        return None
    frequencies = model.get_buffer("model.rotary_emb.inv_freq").double().cpu().numpy()
    exponents = np.arange(len(frequencies)) / len(frequencies)
    plain = config.rope_parameters["rope_theta"] ** -exponents
    factors: Array = (plain / frequencies).astype(np.float32)
    return factors
