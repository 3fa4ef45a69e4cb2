"""Training from the first step to the last, or from a checkpoint on: the state after each step is one to go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from pipelines.tuning import sharding
from pipelines.tuning.checkpoints import Checkpoints
from pipelines.tuning.container import TrainingFolders, TuningError
from pipelines.tuning.forecast import Forecast, step_by_validation
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.interruption import Interruption
from pipelines.tuning.interval import Pace
from pipelines.tuning.loop import Trainer
from pipelines.tuning.objectives import objective_of
from pipelines.tuning.origin import origin
from pipelines.tuning.processes import ALONE, Processes
from pipelines.tuning.progress import log_figures, log_progress
from pipelines.tuning.run_state import Curve, Run
from pipelines.tuning.settings import KEEP_CHECKPOINTS, TrainingSettings
from pipelines.tuning.splits import Splits
from pipelines.tuning.stopping import Stopping


@dataclass(frozen=True)
class Learned:
    """What training did; `validation` has what the base model said of it, where the loss compares with that.

    Processes before this one spent `seconds_before`, and ended at the steps `resumed_from`.
    """

    loss_before: float
    loss_after: float
    curve: Curve
    resumed_from: list[int]
    seconds_before: float
    validation: Sequence[Any]


def learn(
    model: PreTrainedModel,
    weights: Sequence[nn.Parameter],
    splits: Splits,
    settings: TrainingSettings,
    hardware: Hardware,
    folders: TrainingFolders,
    interruption: Interruption,
    processes: Processes = ALONE,
) -> Learned:
    """Train the weights, from the start or from a checkpoint. The optimizer is gone afterwards: export needs the room.

    Raises Interrupted, with everything saved, when the process was told to end.
    """
    objective = objective_of(settings)
    given = {"train": splits.training, "validation": splits.validation}
    made_with = origin(settings, folders.model, hardware.dtype, **given)
    # Before anything is restored: what was learned is not the base model's.
    training, validation = (
        objective.with_reference(model, units, hardware, partial(log_progress, "measure_reference"))
        for units in given.values()
    )
    sharding.take_apart(model)
    trainer = Trainer(model, weights, training, settings, hardware, objective=objective, processes=processes)
    run = Run(trainer, Stopping(weights, settings.patience))
    pace = Pace(60 * settings.max_lost_minutes)
    folder = folders.checkpoints if settings.checkpoints == KEEP_CHECKPOINTS else None
    checkpoints = Checkpoints(folder, made_with, run, interruption, pace)
    checkpoints.resume()
    forecast = Forecast()

    def on_progress(done: int, total: int) -> None:
        log_progress("validate", done, total)
        # Several processes end together, and here each counts its own examples.
        if processes.count == 1:
            checkpoints.end_if_asked()

    def validate() -> float:
        began = time.monotonic()
        loss = objective.mean_loss(model, validation, hardware, on_progress, processes)
        if not math.isfinite(loss):
            raise TuningError(
                f"The loss on the validation examples is {loss}. Before the first step, the base model's weights are "
                f"broken; after it, lower the learning rate (now {settings.learning_rate:g})."
            )
        log_figures(validation_loss=loss)
        forecast.validated(time.monotonic() - began)
        return loss

    if run.loss_before is None:
        run.loss_before = validate()
    if expected := expected_step_s(run, validation, forecast.validation_s):
        forecast.expect(expected)
    loss_after = run_epochs(run, validate, checkpoints, forecast)
    return Learned(run.loss_before, loss_after, run.curve, run.resumed_from, run.seconds, validation)


def expected_step_s(run: Run, validation: Sequence[Any], validation_s: float | None) -> float | None:
    """Give what a step is likely to take, by the processes before this one, or by the base model's validation.

    None where neither is known.
    """
    trainer = run.trainer
    if trainer.step:
        return run.seconds / trainer.step
    if validation_s is None:
        return None
    learned, validated = (
        sum(trainer.objective.tokens(unit) for unit in units) for units in (trainer.training, validation)
    )
    return step_by_validation(validation_s, validated, learned / trainer.steps_in_epoch)


def run_epochs(run: Run, validate: Callable[[], float], checkpoints: Checkpoints, forecast: Forecast) -> float:
    """Step through the examples, one point of the curve a step; give the held-out loss of what comes out.

    Raises Interrupted, with everything saved, when the process was told to end.
    """
    trainer = run.trainer
    started, tokens = time.monotonic(), 0
    log_steps(run, forecast)
    trainer.model.train()
    with checkpoints.interruption.deferred():
        while True:
            if run.lacks_validation:
                run.curve[-1]["validation_loss"] = validate()
                run.stopping.after_epoch(run.curve[-1]["validation_loss"])
            if run.ended:
                break
            checkpoints.before_step()
            began = time.monotonic()
            taken = trainer.take_step()
            forecast.stepped(time.monotonic() - began)
            run.curve.append(
                {"step": trainer.step, "loss": taken.loss, "learning_rate": taken.learning_rate, "tokens": taken.tokens}
            )
            tokens += taken.tokens
            seconds = time.monotonic() - started
            figures = {"train_loss": taken.loss, "learning_rate": taken.learning_rate}
            log_figures(step=trainer.step, **figures, tokens_per_second=tokens / seconds)
            log_steps(run, forecast, loss=taken.loss)
            checkpoints.after_step()
        # What comes after takes its time too: whoever interrupts it shall not cost a step.
        checkpoints.save()
    return run.stopping.restore()


def log_steps(run: Run, forecast: Forecast, **figures: float) -> None:
    """Print how many steps are taken, and how long the others will take with the validations of their epochs."""
    trainer = run.trainer
    validations = trainer.settings.epochs - sum("validation_loss" in point for point in run.curve)
    left = forecast.left(trainer.steps - trainer.step, validations)
    if left is not None:
        figures["eta_s"] = left
    log_progress("train", trainer.step, trainer.steps, unit="steps", **figures)
