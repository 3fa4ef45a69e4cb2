"""The base model: a Hugging Face checkpoint directory, as it lies in S3 under `base/<model>/`."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from pipelines.tuning import checkpoint_files, kernels
from pipelines.tuning.attention import PACKED
from pipelines.tuning.container import TuningError
from pipelines.tuning.hardware import Hardware


def load_config(folder: Path) -> PretrainedConfig:
    """Read the model's configuration, after a look at whether the directory is a checkpoint at all.

    Raises:
        TuningError: files are missing; the message names them and what is there instead.
    """
    if problem := checkpoint_files.lacking(folder):
        raise TuningError(
            f"The base model {problem}. Put the Hugging Face checkpoint (config.json, tokenizer.json, *.safetensors) "
            "under the S3 prefix that the parameter BaseModel names."
        )
    config: PretrainedConfig = AutoConfig.from_pretrained(folder, local_files_only=True)
    return config


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer, which must know how a conversation is written.

    Raises:
        TuningError: it has no chat template, or no end-of-turn token.
    """
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.chat_template is None or tokenizer.eos_token_id is None:
        raise TuningError(
            "The base model's tokenizer has no chat template or no end-of-turn token. "
            "Choose an instruction-tuned model."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(folder: Path, hardware: Hardware, dtype: torch.dtype, attention: str = PACKED) -> PreTrainedModel:
    """Load the weights in a number format and put them on the machine's device."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a log is no terminal
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, dtype=dtype, attn_implementation=attention
    )
    torch.nn.Module.to(model, hardware.device)
    kernels.install(model)
    return model
