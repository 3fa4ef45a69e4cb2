"""Going on from a checkpoint within one process: what is refused, and at which moments a run may be told to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from pipelines.tuning import export, loop, losses, run_state, state_files, train
from pipelines.tuning.container import TrainingFolders, TuningError
from pipelines.tuning.interruption import EXIT_STATUS, Interrupted, Interruption
from pipelines.tuning.settings import parse_training
from tests.unit.tuning.conftest import tiny_model

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords

SETTINGS = replace(
    parse_training([]), epochs=3, batch_size=4, learning_rate=5e-3, max_length=96, validation_examples=5, patience=2
)
STEPS_IN_EPOCH = 3


@pytest.fixture
def folders(tmp_path: Path, checkpoint_folder: Path, write_records: WriteRecords) -> TrainingFolders:
    write_records(tmp_path / "train", 4 * STEPS_IN_EPOCH)
    write_records(tmp_path / "validation", 5)
    return TrainingFolders(
        tmp_path / "train", tmp_path / "validation", checkpoint_folder, tmp_path / "artifact", tmp_path / "checkpoints"
    )


def learned_in(folders: TrainingFolders) -> bytes:
    return (folders.artifact / "adapter" / "adapter_model.safetensors").read_bytes()


@pytest.fixture
def undisturbed(folders: TrainingFolders, tmp_path: Path) -> tuple[bytes, Any]:
    other = replace(folders, artifact=tmp_path / "other", checkpoints=None)
    report = train.fine_tune(SETTINGS, other)
    return learned_in(other), report["curve"]


def end_at_step(monkeypatch: pytest.MonkeyPatch, step: int, interruption: Interruption) -> None:
    """Tell the process to end while that step is under way."""
    take_step = loop.Trainer.take_step

    def told(self: loop.Trainer) -> loop.Step:
        interruption.requested = interruption.requested or self.step + 1 == step
        return take_step(self)

    monkeypatch.setattr(loop.Trainer, "take_step", told)


def interrupted_at(
    step: int, folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch, settings: Any = SETTINGS
) -> None:
    interruption = Interruption()
    with monkeypatch.context() as patch:
        end_at_step(patch, step, interruption)
        with pytest.raises(Interrupted) as ended:
            train.fine_tune(settings, folders, interruption)
    assert ended.value.code == EXIT_STATUS == 143


@pytest.mark.parametrize("step", [1, 2, STEPS_IN_EPOCH, STEPS_IN_EPOCH + 1, 3 * STEPS_IN_EPOCH])
def test_a_run_told_to_end_finishes_its_step_and_the_next_process_goes_on_exactly(
    step: int, folders: TrainingFolders, undisturbed: tuple[bytes, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(step, folders, monkeypatch)
    assert not folders.artifact.exists()
    report = train.fine_tune(SETTINGS, folders)
    assert report["resumed_from"] == [step]
    assert (learned_in(folders), report["curve"]) == undisturbed


def test_a_run_that_goes_on_says_at_once_how_long_it_will_take_by_the_pace_of_the_process_before_it(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state, learned = run_state.Run.state, 2

    def as_if_slow(self: run_state.Run, _seconds: float) -> dict[str, Any]:
        return state(self, 1000.0 * learned)

    monkeypatch.setattr(run_state.Run, "state", as_if_slow)
    interrupted_at(learned, folders, monkeypatch)
    capsys.readouterr()
    train.fine_tune(SETTINGS, folders)
    lines = [json.loads(line[9:]) for line in capsys.readouterr().out.splitlines() if line.startswith("PROGRESS ")]
    first = next(line for line in lines if line["phase"] == "train")
    left = 3 * STEPS_IN_EPOCH - learned
    assert (first["done"], first["eta_s"]) == (learned, 1000.0 * left)


def test_a_run_told_to_end_while_it_validates_loses_no_step(
    folders: TrainingFolders, undisturbed: tuple[bytes, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    interruption = Interruption()
    mean_loss, calls = losses.mean_loss, []

    def told(model: Any, examples: Any, hardware: Any, on_progress: Any, *processes: Any) -> float:
        calls.append(1)
        interruption.requested = len(calls) == 3  # before the first step, and after the first epoch and the second
        return mean_loss(model, examples, hardware, on_progress, *processes)

    with monkeypatch.context() as patch:
        patch.setattr(losses, "mean_loss", told)
        with pytest.raises(Interrupted):
            train.fine_tune(SETTINGS, folders, interruption)
    report = train.fine_tune(SETTINGS, folders)
    assert report["resumed_from"] == [2 * STEPS_IN_EPOCH]
    assert (learned_in(folders), report["curve"]) == undisturbed


def test_a_run_that_died_while_it_exported_trains_no_step_again(
    folders: TrainingFolders, undisturbed: tuple[bytes, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(export, "write", die)
        with pytest.raises(KeyboardInterrupt):
            train.fine_tune(SETTINGS, folders)

    monkeypatch.setattr(loop.Trainer, "take_step", die)
    report = train.fine_tune(SETTINGS, folders)
    assert (learned_in(folders), report["curve"]) == undisturbed


def test_early_stopping_goes_on_with_the_weights_of_its_best_epoch(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The first epoch is the best; after the third training ends.
    validation_losses = [5.0, 3.0, 4.0, 4.5]
    settings, other = replace(SETTINGS, epochs=6), replace(folders, artifact=tmp_path / "other", checkpoints=None)
    # And what was exported is measured once more, against the best.
    both_ways = iter(2 * [*validation_losses, 3.0])
    monkeypatch.setattr(losses, "mean_loss", lambda *_: next(both_ways))
    expected = train.fine_tune(settings, other)
    assert len(expected["curve"]) == 3 * STEPS_IN_EPOCH

    interrupted_at(2 * STEPS_IN_EPOCH + 1, folders, monkeypatch, settings)
    report = train.fine_tune(settings, folders)
    assert report["curve"] == expected["curve"]
    assert report["loss_after"] == 3.0
    assert learned_in(folders) == learned_in(other)


def test_the_base_model_is_validated_once(folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_at(1, folders, monkeypatch)
    calls: list[int] = []
    mean_loss = losses.mean_loss

    def counted(*given: Any) -> float:
        calls.append(1)
        return mean_loss(*given)

    monkeypatch.setattr(losses, "mean_loss", counted)
    report = train.fine_tune(SETTINGS, folders)
    assert len(calls) == SETTINGS.epochs + 1  # and what was exported, once
    assert report["loss_before"] > 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"learning_rate": 1e-3, "epochs": 4}, r"epochs 3 \(now 4\), learning_rate 0.005 \(now 0.001\)"),
        ({"method": "full"}, r"lora_alpha 32 \(now None\), .*method lora \(now full\)"),
        ({"max_examples": 8}, r"max_examples 2000 \(now 8\), another train examples"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused_by_their_names(
    changed: dict[str, Any], named: str, folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(1, folders, monkeypatch)
    with pytest.raises(TuningError, match=f"belongs to another training: {named}.*another RunId"):
        train.fine_tune(replace(SETTINGS, **changed), folders)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_checkpoint_of_other_data_is_refused(
    split: str, folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupted_at(1, folders, monkeypatch)
    file = next((tmp_path / split).glob("*.jsonl"))
    file.write_text(file.read_text().replace("account 3 ", "account 4 "))
    with pytest.raises(TuningError, match=f"another training: another {split} examples"):
        train.fine_tune(SETTINGS, folders)


def test_a_checkpoint_of_another_base_model_of_the_same_size_is_refused(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tokenizer: Any
) -> None:
    interrupted_at(1, folders, monkeypatch)
    model = tiny_model(len(tokenizer) + 2)
    with torch.no_grad():
        model.model.norm.weight[0] += 0.01
    model.save_pretrained(tmp_path / "another")
    tokenizer.save_pretrained(tmp_path / "another")
    with pytest.raises(TuningError, match="another training: another base model"):
        train.fine_tune(SETTINGS, replace(folders, model=tmp_path / "another"))


def test_settings_without_effect_on_the_weights_may_differ(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(1, folders, monkeypatch)
    changed = replace(SETTINGS, max_lost_minutes=1, metric="tokenF1", quantization_tolerance=0.9, beta=0.3)
    assert train.fine_tune(changed, folders)["resumed_from"] == [1]


def test_only_what_is_trained_is_in_a_checkpoint(folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[dict[str, Any]] = []
    state = run_state.Run.state

    def noted(*given: Any) -> dict[str, Any]:
        states.append(state(*given))
        return states[-1]

    monkeypatch.setattr(run_state.Run, "state", noted)
    report = train.fine_tune(SETTINGS, folders)
    assert sum(weight.numel() for weight in states[0]["weights"]) == report["trained_weights"]


def mapped(folder: Path) -> set[str]:
    """Give the files of a folder whose pages are this process's memory."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {Path(line.split(maxsplit=5)[5]).name for line in lines if str(folder) in line}


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what a process has mapped")
def test_a_checkpoint_is_not_read_into_memory_and_its_file_is_let_go_when_training_goes_on(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folders.checkpoints is not None
    interrupted_at(STEPS_IN_EPOCH + 1, folders, monkeypatch)
    saved = state_files.newest(folders.checkpoints)
    assert saved is not None
    state = saved.load()
    assert mapped(folders.checkpoints) == {saved.state.name}
    assert state["stopping"]["kept"]
    del state

    seen: list[set[str]] = []
    take_step = loop.Trainer.take_step

    def looking(self: loop.Trainer) -> loop.Step:
        seen.append(mapped(saved.state.parent))
        return take_step(self)

    monkeypatch.setattr(loop.Trainer, "take_step", looking)
    train.fine_tune(SETTINGS, folders)
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("why", ["there is no folder", "nobody would read them"])
def test_checkpoints_that_are_not_wanted_are_not_saved(why: str, folders: TrainingFolders) -> None:
    if why == "there is no folder":
        report = train.fine_tune(replace(SETTINGS, epochs=1), replace(folders, checkpoints=None))
    else:
        report = train.fine_tune(replace(SETTINGS, epochs=1, checkpoints="none"), folders)
    assert report["resumed_from"] == []
    assert folders.checkpoints is not None
    assert not folders.checkpoints.exists()
