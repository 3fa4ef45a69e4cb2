"""Every form that a tuned model is served in, each held against the model that it was made of.

`adapter/` (where method lora made the model), `merged/` (safetensors, for transformers and vLLM), a
`model-<quantization>.gguf` for each quantization, and `artifacts.json` with their sizes and losses.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import archive, checkpoint, export, gguf_export, held_out, methods, weights
from pipelines.tuning.artifact_request import Request
from pipelines.tuning.container import TuningError
from pipelines.tuning.fidelity import Fidelity, figure, told
from pipelines.tuning.hardware import detect
from pipelines.tuning.objective import Objective
from pipelines.tuning.objectives import Answers, objective_of
from pipelines.tuning.progress import log_phase, log_progress
from pipelines.tuning.quantizations import TYPES
from pipelines.tuning.settings import TrainingSettings

MeanLoss = Callable[[Callable[[int, int], None]], float]
"""The loss of the model as its weights are at the time; told how far it has come."""
REPORT, MERGED = "artifacts.json", "merged"


def write_all(request: Request) -> dict[str, Any]:
    """Write the artifacts, whole or not at all, and give what `artifacts.json` then holds.

    Raises:
        TuningError: an input is not what it should be, and nothing is left; or a quantization is further off than the
            tolerance, or the loss of the merged weights is no number, and all but that one is.
    """
    with whole(request.output) as folder:
        report = _write(request, folder)
    if problems := [each["problem"] for each in report["refused"]]:
        raise TuningError(f"{' '.join(problems)} What else was asked for is in {request.output}.")
    return report


@contextmanager
def whole(output: Path) -> Iterator[Path]:
    """Give a new folder, which gets the name `output` once the block has ended well; else nothing is left of it.

    Raises:
        TuningError: there are files in `output`.
    """
    # What a symbolic link names gets the files: the link itself cannot be replaced by a folder.
    output = output.resolve()
    if output.exists() and any(output.iterdir()):
        raise TuningError(f"{output} holds files already. Name a new folder with --output.")
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside it: only on the same file system does a folder get its name at once.
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-unfinished-", dir=output.parent) as scratch:
        folder = Path(scratch) / output.name
        folder.mkdir()
        yield folder
        folder.replace(output)


def _write(request: Request, folder: Path) -> dict[str, Any]:
    # Whatever the machine multiplies: weights that were merged and are rounded to bf16 are others, see `_rounded`.
    hardware = replace(detect(), dtype=torch.float32)
    config = checkpoint.load_config(request.base)
    tokenizer = checkpoint.load_tokenizer(request.base)
    gguf_export.check_exportable(config, tokenizer)
    log_phase("read examples")
    objective, validation = _held_out_of_training(request, tokenizer)
    log_phase("load base model")
    # A tuned model's weights are computed in fp32, and kept in the number format of the base.
    model = checkpoint.load_model(request.base, hardware, torch.float32)
    with tempfile.TemporaryDirectory() as scratch:
        log_phase("unpack")
        learned = archive.unpack_learned(request.model, Path(scratch))
        log_phase("merge")
        methods.apply(model, learned)
        if learned.name == methods.ADAPTER:
            shutil.copytree(learned, folder / methods.ADAPTER)
    weights.cast(model, torch.float32)
    mean_loss = partial(objective.mean_loss, model, validation, hardware)
    model_loss = mean_loss(partial(log_progress, "validate"))
    report: dict[str, Any] = {"loss": figure(model_loss), "examples": len(validation)}
    report |= _quantized(model, tokenizer, model_loss, mean_loss, request, folder)
    log_phase("save merged")
    _save_merged(model, tokenizer, config.dtype, folder / MERGED)
    report["merged"] = _rounded(model, config.dtype, model_loss, mean_loss)
    if report["merged"]["distance"] is None:
        shutil.rmtree(folder / MERGED)
        report["refused"].append(report["merged"] | {"problem": _problem_of_merged(report["merged"], model_loss)})
        report["merged"] = None
    (folder / REPORT).write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
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
    model_loss: float,
    mean_loss: MeanLoss,
    request: Request,
    folder: Path,
) -> dict[str, Any]:
    """Write each quantization of a model and measure it; the model gets its own weights back each time."""
    own = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    kept, refused = [], []
    for quantization in request.quantizations:
        path = folder / f"model-{quantization}.gguf"
        gguf_export.write(model, tokenizer, path, TYPES[quantization])
        loss = partial(mean_loss, partial(log_progress, f"validate {quantization}"))
        fidelity = export.measure(model, path, quantization, model_loss, loss, request.tolerance)
        model.load_state_dict(own)
        if fidelity.too_far:
            path.unlink()
            refused.append(fidelity.figures() | {"problem": _problem(fidelity)})
        else:
            kept.append(fidelity.figures() | {"file": path.name})
    return {"quantized": kept, "refused": refused}


def _problem(fidelity: Fidelity) -> str:
    # No tolerance lets a loss pass that is no number.
    tolerance = ", or raise --tolerance" if math.isfinite(fidelity.distance) else ""
    return f"{fidelity.too_far} Ask for others than {fidelity.quantization}{tolerance}."


def _save_merged(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, dtype: object, folder: Path) -> None:
    weights.cast(model, _format(dtype))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(str(folder))


def _rounded(model: PreTrainedModel, dtype: object, model_loss: float, mean_loss: MeanLoss) -> dict[str, Any]:
    """Say how far the merged weights are off as they were saved, rounded to the number format of the base.

    A base model of that format stands on its steps already, so rounding takes back what training changed by less than
    half a step: after a short training, much of it. An adapter beside the base keeps it.
    """
    weights.cast(model, torch.float32)
    loss = mean_loss(partial(log_progress, "validate merged"))
    name = str(_format(dtype)).removeprefix("torch.")
    return {"dtype": name, "loss": figure(loss), "distance": figure(abs(loss - model_loss))}


def _problem_of_merged(rounded: dict[str, Any], model_loss: float) -> str:
    return (
        f"The merged weights, rounded to {rounded['dtype']}, are too far from the model that was trained: their "
        f"held-out loss by answer token is {told(rounded['loss'])}, the trained model's {told(model_loss)}. "
        "Use another form."
    )


def _format(dtype: object) -> torch.dtype:
    return dtype if isinstance(dtype, torch.dtype) else torch.float32
