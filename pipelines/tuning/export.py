"""What a training job leaves: what was learned, and the whole model as the endpoint serves it, quantized.

Quantizing loses something. How much is measured on the file as written: its weights go back into the model, whose
held-out loss is then taken again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import adapter_files, gguf_export, gguf_weights, lora, weights
from pipelines.tuning.container import TuningError
from pipelines.tuning.fidelity import Fidelity
from pipelines.tuning.methods import ADAPTER, CHECKPOINT
from pipelines.tuning.progress import log_figures, log_phase
from pipelines.tuning.quantizations import TYPES
from pipelines.tuning.settings import TrainingSettings

SERVED = "model.gguf"


def write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    settings: TrainingSettings,
    base_type: torch.dtype,
    artifact: Path,
) -> None:
    """Write `model.gguf`, and an adapter into `adapter/` or else the whole model into `checkpoint/`; uses `model` up.

    The tokenizer lies beside either: whoever loads one asks in the tokens and the chat template of training. GGUF is
    made of fp32. The checkpoint has the number format of its base, or it would be twice as large.
    """
    log_phase("merge")
    learned = artifact / (ADAPTER if settings.method == "lora" else CHECKPOINT)
    if learned.name == ADAPTER:
        adapter_files.save(model, learned, settings.base_model_id)
        lora.merge(model)
    gguf_export.write(model, tokenizer, artifact / SERVED, TYPES[settings.quantization])
    if learned.name == CHECKPOINT:
        weights.cast(model, base_type)
        model.save_pretrained(learned)
    tokenizer.save_pretrained(str(learned))


def measure(
    model: PreTrainedModel,
    path: Path,
    quantization: str,
    model_loss: float,
    loss: Callable[[], float],
    tolerance: float,
) -> Fidelity:
    """Say how far the file at `path` is from the model that it was made of, by `loss` of that model; uses it up."""
    gguf_weights.load(model, path)
    fidelity = Fidelity(quantization, path.stat().st_size, model_loss, loss(), tolerance)
    # Not `…_loss`: CloudWatch finds `validation_loss=` anywhere in a line.
    log_figures(quantization_distance=fidelity.distance)
    return fidelity


def check(fidelity: Fidelity) -> None:
    """Let a model pass that is near enough to be served.

    Raises:
        TuningError: it is further off than the tolerance; the message has the figures and the remedy.
    """
    if fidelity.problem:
        raise TuningError(fidelity.problem)
