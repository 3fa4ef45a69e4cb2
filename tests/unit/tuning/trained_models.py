"""Models that were trained a moment, and made to overflow."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from pipelines.tuning import train
from pipelines.tuning.artifact_request import Request
from pipelines.tuning.container import TrainingFolders
from pipelines.tuning.settings import parse_training
from tests.unit.tuning.conftest import record, write_lines

SETTINGS = replace(parse_training([]), learning_rate=5e-3, max_length=96, validation_examples=10, lora_dropout=0.0)


def scaled(model: Path, folder: Path, factor: float) -> Path:
    """Give a trained model's folder anew, with the adapter of one layer so many times as large."""
    shutil.unpack_archive(model / "model.tar.gz", folder / "artifact")
    path = folder / "artifact" / "adapter" / "adapter_model.safetensors"
    large = "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"
    save_file({name: tensor * (factor if name == large else 1) for name, tensor in load_file(path).items()}, path)
    shutil.make_archive(str(folder / "model" / "model"), "gztar", folder / "artifact")
    return folder / "model"


def trained(folder: Path, base: Path, **changes: Any) -> tuple[Request, dict[str, Any]]:
    """Train once, and pack what it leaves as the service does."""
    for split, count in (("train", 50), ("validation", 10)):
        write_lines(folder / split, [json.dumps(record(number)) for number in range(count)])
    folders = TrainingFolders(folder / "train", folder / "validation", base, folder / "artifact")
    report = train.fine_tune(replace(SETTINGS, **changes), folders)
    (folders.artifact / "training.json").write_text(json.dumps(report))
    (folder / "model").mkdir()
    with tarfile.open(folder / "model" / "model.tar.gz", "w:gz") as archive:
        archive.add(folders.artifact, arcname=".")
    # So small a model with weights by chance has no blocks of near numbers.
    return Request(base, folder / "model", folder / "validation", folder / "out", tolerance=0.5), report
