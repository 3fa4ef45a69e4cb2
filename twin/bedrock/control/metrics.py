"""The files of metrics that a customization job leaves in the output's bucket, in the service's places and columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.emulator.hooks import Json
from twin.sagemaker import transfer

TRAINING = "training_artifacts/step_wise_training_metrics.csv"
VALIDATION = "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv"


def put(s3: Any, folder: Path, base: str, report: Json, epochs: int, *, validated: bool) -> None:
    """Put the loss of every step and, where there is validation data, that of every epoch's end."""
    curve = report["curve"]
    a_pass = max(1, len(curve) // epochs)
    steps = [(index, index // a_pass, point["loss"]) for index, point in enumerate(curve)]
    _put(s3, folder, base, TRAINING, "training_loss", steps)
    if validated:
        ends = [
            (index, index // a_pass, point["validation_loss"])
            for index, point in enumerate(curve)
            if "validation_loss" in point
        ]
        _put(s3, folder, base, VALIDATION, "validation_loss", ends)


def _put(s3: Any, folder: Path, base: str, name: str, column: str, rows: Sequence[tuple[int, int, float]]) -> None:
    file = folder / Path(name).name
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("step_number", "epoch_number", column, "perplexity"))
        writer.writerows((step, epoch, loss, math.exp(loss)) for step, epoch, loss in rows)
    transfer.upload_file(s3, file, f"{base}/{name}", None)
