"""What a training job leaves: what was learned, and the whole model as the endpoint serves it."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import adapter_files, gguf_export, lora, weights
from pipelines.tuning.methods import ADAPTER, CHECKPOINT
from pipelines.tuning.progress import log_phase


def write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    method: str,
    base_type: torch.dtype,
    artifact: Path,
) -> None:
    """Write `model.gguf`, and an adapter into `adapter/` or else the whole model into `checkpoint/`; uses `model` up.

    GGUF is made of fp32. The checkpoint has the number format of its base, or it would be twice as large.
    """
    log_phase("merge")
    if method == "lora":
        adapter_files.save(model, artifact / ADAPTER)
        lora.merge(model)
    gguf_export.write(model, tokenizer, artifact / "model.gguf")
    if method != "lora":
        weights.cast(model, base_type)
        model.save_pretrained(artifact / CHECKPOINT)
        tokenizer.save_pretrained(str(artifact / CHECKPOINT))
