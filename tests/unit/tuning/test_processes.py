"""Two processes under `torchrun` train the model that one trains, and end together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file

from pipelines.tuning import hardware, train
from pipelines.tuning.container import TrainingFolders
from pipelines.tuning.settings import parse_training
from tests.unit.tuning.torchrun import failure, torchrun

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords

PROGRAM = Path(__file__).with_name("exact_train.py")
# Of 17 examples the third batch has one, so that a process has none.
SETTINGS = replace(
    parse_training([]), epochs=2, learning_rate=5e-3, lora_dropout=0, max_length=96, validation_examples=11
)
# One of two processes hears of the end, in the fourth of six steps.
TOLD_TO_END = """
import os, signal, runpy
from pipelines.tuning import hardware, loop
vars(hardware)["_cpu_multiplies_bf16"] = lambda: False
gradients = loop.Trainer.gradients
def told(self, batch):
    if self.step == 4 and self.processes.rank == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    return gradients(self, batch)
loop.Trainer.gradients = told
runpy.run_module("pipelines.tuning.train", run_name="__main__")
"""
JOINED = """
import os
from pipelines.tuning.container import TuningError, failures_explained
from pipelines.tuning.interruption import Interruption
from pipelines.tuning.processes import ended_at_once, joined
# As on two machines.
os.environ.update(LOCAL_WORLD_SIZE="1", SM_CURRENT_HOST="algo-" + str(1 + int(os.environ["RANK"])))
with ended_at_once(), failures_explained(), joined() as processes:
    processes.total(1)
    if processes.rank == 1:
        {end}
    processes.total(1)
"""

# What PyTorch's threads still hold may abort an interpreter that is taken apart; this does so each time.
HELD = """
import os, sys
from pipelines.tuning.container import TuningError, failures_explained
from pipelines.tuning.processes import ended_at_once, joined
class Held:
    def __del__(self, abort=os.abort):
        abort()
with ended_at_once(), failures_explained(), joined() as processes:
    sys.held_by_a_thread = Held()
    print("done")
    {end}
"""


@pytest.fixture
def folders(tmp_path: Path, checkpoint_folder: Path, write_records: WriteRecords) -> TrainingFolders:
    write_records(tmp_path / "train", 17)
    write_records(tmp_path / "validation", 11)
    return TrainingFolders(tmp_path / "train", tmp_path / "validation", checkpoint_folder, tmp_path / "alone")


def curve(report: dict[str, Any]) -> list[float]:
    """Every loss of a training, the held-out ones included."""
    points = [point[key] for point in report["curve"] for key in ("loss", "validation_loss") if key in point]
    return [report["loss_before"], *points, report["loss_after"]]


@pytest.mark.parametrize(
    ("method", "sharding", "learned"),
    [
        ("lora", "auto", "adapter/adapter_model"),
        ("full", "auto", "checkpoint/model"),
        ("full", "always", "checkpoint/model"),
    ],
)
def test_two_processes_have_the_loss_curve_of_one_and_learn_the_same(
    method: str, sharding: str, learned: str, folders: TrainingFolders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_cpu_multiplies_bf16", lambda: False)
    settings = replace(SETTINGS, method=method, sharding=sharding)
    alone = train.fine_tune(settings, folders)

    channels = {name: str(getattr(folders, name)) for name in ("train", "validation", "model")}
    log = torchrun(
        PROGRAM, vars(settings), {f"SM_CHANNEL_{k.upper()}": v for k, v in channels.items()}, tmp_path / "job"
    )
    artifact = tmp_path / "job" / "model"
    together = json.loads((artifact / "training.json").read_text())
    assert (alone["hardware"]["processes"], together["hardware"]["processes"]) == (1, 2)
    assert together["hardware"]["sharded"] == (sharding == "always")

    assert len(together["curve"]) == 6
    assert together["loss_after"] < 0.95 * together["loss_before"]
    assert curve(together) == pytest.approx(curve(alone), abs=1e-4)
    assert together["tokens"] == alone["tokens"]
    ours, theirs = (load_file(folder / f"{learned}.safetensors") for folder in (folders.artifact, artifact))
    assert all(torch.allclose(ours[name], theirs[name], atol=2e-3) for name in ours)
    assert (artifact / "model.gguf").stat().st_size == (folders.artifact / "model.gguf").stat().st_size

    # The first process alone speaks.
    assert log.count("train_loss=") == 6
    assert log.count("validation: Census") == 1


def with_rejected_answers(folder: Path) -> None:
    """Make preference pairs of a folder's records."""
    for path in folder.glob("*.jsonl"):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        pairs = [{**record, "rejected": "the stream of a role"} for record in records]
        path.write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs))


@pytest.mark.parametrize("objective", ["supervised", "dpo"])
def test_processes_that_share_weights_end_together_when_one_is_told_to_and_go_on_exactly(
    objective: str, folders: TrainingFolders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_cpu_multiplies_bf16", lambda: False)
    # What dpo compares with is asked of the base model before training goes on from what was learned.
    for folder in (folders.train, folders.validation) if objective == "dpo" else ():
        with_rejected_answers(folder)
    settings = replace(SETTINGS, method="full", sharding="always", patience=2, objective=objective)
    undisturbed = train.fine_tune(settings, folders)
    channels = {f"SM_CHANNEL_{name.upper()}": str(getattr(folders, name)) for name in ("train", "validation", "model")}
    told = tmp_path / "told.py"
    told.write_text(TOLD_TO_END)
    assert "told to end: ends after step 4" in torchrun(
        told, vars(settings), channels, tmp_path / "job", succeeds=False
    )
    assert not (tmp_path / "job" / "model" / "training.json").exists()

    log = torchrun(PROGRAM, vars(settings), channels, tmp_path / "job")
    together = json.loads((tmp_path / "job" / "model" / "training.json").read_text())
    assert log.count("train_loss=") == 2
    assert together["resumed_from"] == [4]
    assert curve(together) == pytest.approx(curve(undisturbed), abs=1e-4)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("raise TuningError('The second has a reason of its own.')", "On algo-2: The second has a reason of its own."),
        ("raise MemoryError('the machine is full')", "Lower tuning.max_length or tuning.batch_size"),
        ("os.kill(os.getpid(), 9)", "Another process of this training job ended without saying why"),
        # Between two steps nobody looks whether to end: the other process sees a connection break off.
        ("Interruption().listen(); os.kill(os.getpid(), 15)", "Another process of this training job was told to end"),
    ],
)
def test_what_one_process_fails_of_ends_all_and_is_the_reason_of_the_job(end: str, reason: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(JOINED.format(end=end))
    assert reason in failure(program, tmp_path)


@pytest.mark.parametrize(
    ("end", "status"),
    [("", 0), ("raise SystemExit(3)", 3), ("raise TuningError('no')", 1), ("raise KeyError('no')", 1)],
)
def test_a_process_of_several_ends_with_its_own_status_whatever_its_threads_still_hold(
    end: str, status: int, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(HELD.format(end=end))
    log = torchrun(program, {}, {}, tmp_path, succeeds=not status)
    assert "done" in log
    assert "SIGABRT" not in log
    assert not status or f"exitcode  : {status} " in log
