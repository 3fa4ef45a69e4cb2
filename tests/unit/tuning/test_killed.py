"""A training run that is ended ten times, at any moment, comes out as if it had not been."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from pipelines.tuning.interruption import EXIT_STATUS
from tests.unit.tuning.killed import Ended, Forked, Moment, Start, artifact, as_in_the_container, job_folders, train

SEED = 20
MOST_LINES = 60  # two a step, and two an epoch
RECORDS, BATCH, EPOCHS = 20, 2, 20
# Checkpoints as close together as their cost allows.
COMMON: dict[str, Any] = {
    "epochs": EPOCHS,
    "batch_size": BATCH,
    "max_length": 96,
    "validation_examples": 5,
    "max_lost_minutes": 0,
}
METHODS: dict[str, dict[str, Any]] = {
    "lora": {"lora_dropout": 0.1, "learning_rate": 5e-3},
    "full": {"learning_rate": 1e-3, "patience": 12, "weight_decay": 0.1},
    "frozen": {"learning_rate": 1e-3, "trained_layers": 1},
}


def undisturbed(folder: Path, base_model: Path, settings: dict[str, Any]) -> tuple[dict[str, bytes], dict[str, Any]]:
    base = job_folders(folder, base_model, RECORDS)
    assert train(Forked, base, settings).status == 0
    return artifact(base), report_in(base)


def report_in(base: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((base / "model" / "training.json").read_text())
    return report


def moments(kinds: list[signal.Signals], dice: random.Random) -> list[Moment]:
    dice.shuffle(kinds)
    return [Moment(kind, dice.randint(1, MOST_LINES), dice.uniform(0, 0.03)) for kind in kinds]


def end_again_and_again(base: Path, settings: dict[str, Any], when: list[Moment], start: Start) -> list[Ended]:
    """Train, with the signals one after the other, and see how much is lost; give how each process ended."""
    all_ended: list[Ended] = []
    kept = 0
    for moment in [*when, None]:
        ended = train(start, base, settings, moment)
        all_ended.append(ended)
        print(f"{moment}: steps {ended.resumed_from} to {ended.last_step}, status {ended.status}")
        # Before it listens it has learned nothing, and the signal does what it always does.
        statuses = (EXIT_STATUS, -signal.SIGTERM) if moment and moment.number is signal.SIGTERM else (-signal.SIGKILL,)
        assert ended.status in (statuses if moment else (0,)), "\n".join(ended.log[-20:])
        if ended.began:
            assert ended.resumed_from >= kept
            kept = ended.least_kept
    return all_ended


@pytest.mark.parametrize("method", METHODS)
def test_ended_at_ten_random_moments_a_run_has_the_weights_of_an_undisturbed_one(
    method: str, checkpoint_folder: Path, tmp_path: Path
) -> None:
    settings = {"method": method, **COMMON, **METHODS[method]}
    weights, report = undisturbed(tmp_path / "undisturbed", checkpoint_folder, settings)
    base = job_folders(tmp_path / "killed", checkpoint_folder, RECORDS)
    when = moments(5 * [signal.SIGTERM, signal.SIGKILL], random.Random(f"{SEED}/{method}"))

    ended = end_again_and_again(base, settings, when, Forked)

    assert artifact(base) == weights
    assert report_in(base)["curve"] == report["curve"]
    assert report_in(base)["resumed_from"][-1] == ended[-1].resumed_from


def test_the_command_of_the_container_can_be_ended_and_started_again(checkpoint_folder: Path, tmp_path: Path) -> None:
    settings = {"method": "lora", **COMMON, **METHODS["lora"]}
    weights, report = undisturbed(tmp_path / "undisturbed", checkpoint_folder, settings)
    base = job_folders(tmp_path / "killed", checkpoint_folder, RECORDS)
    when = [Moment(signal.SIGTERM, 40), Moment(signal.SIGKILL, 40)]

    end_again_and_again(base, settings, when, as_in_the_container)

    assert artifact(base) == weights
    assert report_in(base)["curve"] == report["curve"]
