"""What a run on this machine trained, and what it was trained from, as the files that its objects lie in.

No emulator is needed for that: the account's folder is there until the next run begins, or until it is destroyed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cdk_app.settings import load_settings
from twin.emulator import buckets
from twin.run.last_run import LastRun, settings_of_last_run
from twin.run.session import ENVIRONMENT


class NoTunedModel(Exception):
    """There is no model that a run trained; the text says why, and what to do."""


class NothingTrained(NoTunedModel):
    """The last run has trained no model, or none so far."""


@dataclass(frozen=True)
class Tuned:
    """A tuned model.

    Attributes:
        archive: the folder with model.tar.gz.
        base: the folder of the base model's checkpoint.
        validation: the folder of the run's validation records.
        tolerance: how far the settings let a quantization be off, in nats by answer token.
    """

    archive: Path
    base: Path
    validation: Path
    tolerance: float


def tuned_model(account: Path, last: LastRun, run_id: str) -> Tuned:
    """Return what a run trained in the account that the last run left.

    Raises:
        NoTunedModel: the run trained nothing, or what it trained is not there any more.
    """
    tuning = load_settings(settings_of_last_run(account), ENVIRONMENT).tuning
    return Tuned(
        _archive(account, last, run_id),
        _only(account, f"*/base/{tuning.model}", f"the weights of {tuning.model}"),
        _only(account, f"*/*/run={run_id}/validation", f"the validation records of the run {run_id}"),
        tuning.quantization_tolerance,
    )


def _archive(account: Path, last: LastRun, run_id: str) -> Path:
    found = sorted(path.parent for path in buckets(account).glob(f"*/run={run_id}/training/**/model.tar.gz"))
    if not found and run_id != last.run_id:
        raise NoTunedModel(
            f"What the run {run_id} trained is not on this machine: a run begins on an empty account, and the last "
            f"one here was {last.run_id}."
        )
    if not found:
        raise NothingTrained(
            f"The run {run_id} has left no model that it trained: it chose one that needs no tuning, had Bedrock "
            "customize one, did not come as far as training, or has been destroyed. `fourfold report` shows which."
        )
    return found[0] if len(found) == 1 else _taken(account, found, run_id)


def _taken(account: Path, found: list[Path], run_id: str) -> Path:
    """Of several trainings, such as the trials of a search, the one whose model was registered: its card names it."""
    for card in buckets(account).glob(f"*/run={run_id}/evaluation/model_card.json"):
        (address,) = json.loads(card.read_text(encoding="utf-8"))["model_overview"]["model_artifact"]
        archive = buckets(account) / str(address).removeprefix("s3://")
        if archive.is_file():
            return archive.parent
    folders = "\n".join(map(str, found))
    raise NoTunedModel(
        f"The run {run_id} trained {len(found)} models and registered none of them. Name the one that you want, with "
        f"`python -m pipelines.tuning.artifacts --model FOLDER`:\n{folders}"
    )


def _only(account: Path, pattern: str, what: str) -> Path:
    found = [path for path in buckets(account).glob(pattern) if path.is_dir()]
    if len(found) != 1:
        raise NoTunedModel(
            f"Of {what}, {len(found)} folders lie under {buckets(account)}, and one is needed. `fourfold run` begins "
            "anew."
        )
    return found[0]
