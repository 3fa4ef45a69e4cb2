"""Every form that a tuned model is served in, from one command, each held against the model that it was made of.

    python -m pipelines.tuning.artifacts --base BASE --model FOLDER --examples VALIDATION --output NEW

`BASE` is the base model's checkpoint, `FOLDER` has the training job's model.tar.gz, `VALIDATION` its validation
records. Into `NEW` go `adapter/` (where method lora made the model), `merged/` (safetensors, for transformers and
vLLM), a `model-<quantization>.gguf` for each, and `artifacts.json` with their sizes and losses. A quantization that
is too far off is named, and its file not left; the others are.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import archive, checkpoint, export, gguf_export, held_out, methods, weights
from pipelines.tuning.container import TuningError
from pipelines.tuning.hardware import detect
from pipelines.tuning.objective import Objective
from pipelines.tuning.objectives import Answers, objective_of
from pipelines.tuning.progress import log_progress
from pipelines.tuning.quantizations import TYPES
from pipelines.tuning.settings import QUANTIZATIONS, TrainingSettings

REPORT, MERGED = "artifacts.json", "merged"


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    base: Path
    model: Path
    examples: Path
    output: Path
    quantizations: tuple[str, ...] = ("q8_0", "q4_0")
    tolerance: float = 0.05


def write_all(request: Request) -> dict[str, Any]:
    """Write the artifacts and give what `artifacts.json` then holds.

    Raises:
        TuningError: an input is not what it should be, or a quantization is further off than the tolerance.
    """
    if request.output.exists() and any(request.output.iterdir()):
        raise TuningError(f"{request.output} holds files already. Name a new folder with --output.")
    hardware = detect()
    config = checkpoint.load_config(request.base)
    tokenizer = checkpoint.load_tokenizer(request.base)
    gguf_export.check_exportable(config, tokenizer)
    objective, validation = _held_out_of_training(request, tokenizer)
    # A tuned model's weights are computed in fp32, and kept in the number format of the base.
    model = checkpoint.load_model(request.base, hardware, torch.float32)
    with tempfile.TemporaryDirectory() as scratch:
        learned = archive.unpack_learned(request.model, Path(scratch))
        methods.apply(model, learned)
        request.output.mkdir(parents=True, exist_ok=True)
        if learned.name == methods.ADAPTER:
            shutil.copytree(learned, request.output / methods.ADAPTER)
    weights.cast(model, torch.float32)
    mean_loss = partial(objective.mean_loss, model, validation, hardware)
    report = _quantized(model, tokenizer, mean_loss, request) | {"examples": len(validation)}
    _save_merged(model, tokenizer, config.dtype, request.output / MERGED)
    (request.output / REPORT).write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if problems := [each["problem"] for each in report["refused"]]:
        raise TuningError(" ".join(problems))
    return report


def _held_out_of_training(request: Request, tokenizer: PreTrainedTokenizerBase) -> tuple[Objective[Any], list[Any]]:
    """Draw what training took its held-out losses on; of preference pairs, the chosen answers: no base is needed."""
    settings = archive.report_in(request.model).get("settings")
    if settings is None:
        raise TuningError(f"model.tar.gz under {request.model} has no training.json. Was it made by train.py?")
    objective = objective_of(TrainingSettings(**settings))
    limit, length, seed = (settings[name] for name in ("validation_examples", "max_length", "seed"))
    loaded, _ = held_out.load(objective, request.examples, limit, tokenizer, length, seed)
    answers = objective.answers(loaded)
    return (Answers(), answers) if answers else (objective, loaded)


def _quantized(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    mean_loss: Callable[[Callable[[int, int], None]], float],
    request: Request,
) -> dict[str, Any]:
    """Write each quantization of a model and measure it; the model gets its own weights back each time."""
    own = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model_loss = mean_loss(partial(log_progress, "validate"))
    kept, refused = [], []
    for quantization in request.quantizations:
        path = request.output / f"model-{quantization}.gguf"
        gguf_export.write(model, tokenizer, path, TYPES[quantization])
        loss = partial(mean_loss, partial(log_progress, f"validate {quantization}"))
        fidelity = export.measure(model, path, quantization, model_loss, loss, request.tolerance)
        model.load_state_dict(own)
        if fidelity.problem:
            path.unlink()
            refused.append(fidelity.figures() | {"problem": fidelity.problem})
        else:
            kept.append(fidelity.figures() | {"file": path.name})
    return {"loss": model_loss, "quantized": kept, "refused": refused}


def _save_merged(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, dtype: object, folder: Path) -> None:
    weights.cast(model, dtype if isinstance(dtype, torch.dtype) else torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(str(folder))


def parsed() -> Request:
    parser = argparse.ArgumentParser(description="Write every form that a tuned model is served in.")
    for name, what in {
        "base": "the base model's checkpoint",
        "model": "the folder with model.tar.gz",
        "examples": "the validation records",
        "output": "a new folder",
    }.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=what)
    parser.add_argument("--quantizations", nargs="+", choices=QUANTIZATIONS, default=list(Request.quantizations))
    parser.add_argument("--tolerance", type=float, default=Request.tolerance, help="in nats by answer token")
    given = vars(parser.parse_args())
    return Request(**given | {"quantizations": tuple(dict.fromkeys(given["quantizations"]))})


if __name__ == "__main__":
    try:
        print(json.dumps(write_all(parsed()), indent=2))
    except TuningError as error:
        sys.exit(f"ERROR: {error}")
