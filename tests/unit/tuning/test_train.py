"""The training script, from channels to artifact, on a model that takes a second."""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from lambdas.evaluate_candidate import handler
from pipelines.tuning import loop, losses, splits, train
from pipelines.tuning.container import TrainingFolders, TuningError, failures_explained
from pipelines.tuning.settings import TrainingSettings, parse_training
from tests.unit.tuning.conftest import record, write_lines

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords

ROOT = Path(__file__).parents[3]
DEFINITION = ROOT / "pipelines" / "definition" / "pipeline.json"
SETTINGS = replace(parse_training([]), epochs=2, learning_rate=5e-3, max_length=96, validation_examples=10)


@pytest.fixture
def folders(tmp_path: Path, checkpoint_folder: Path, write_records: WriteRecords) -> TrainingFolders:
    write_records(tmp_path / "train", 50)
    write_records(tmp_path / "validation", 10)
    return TrainingFolders(tmp_path / "train", tmp_path / "validation", checkpoint_folder, tmp_path / "artifact")


@dataclass(frozen=True)
class Run:
    report: dict[str, Any]
    artifact: Path
    log: list[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> Run:
    """Train once, two epochs on fifty records, for the tests that only look at what came out."""
    folder = tmp_path_factory.mktemp("run")
    for split, count in (("train", 50), ("validation", 10)):
        write_lines(folder / split, [json.dumps(record(number)) for number in range(count)])
    log = io.StringIO()
    with redirect_stdout(log):
        report = train.fine_tune(
            SETTINGS,
            TrainingFolders(folder / "train", folder / "validation", checkpoint_folder, folder / "artifact"),
        )
    return Run(report, folder / "artifact", log.getvalue().splitlines())


def test_the_artifact_holds_adapter_served_model_and_report(run: Run) -> None:
    assert (run.artifact / "model.gguf").read_bytes()[:4] == b"GGUF"
    assert (run.artifact / "adapter" / "adapter_model.safetensors").stat().st_size > 0
    assert json.loads(json.dumps(run.report)) == run.report


def test_the_report_counts_what_was_learned(run: Run) -> None:
    assert run.report["examples"] == 50
    assert run.report["records"]["train"]["read"] == run.report["records"]["train"]["used"] == 50
    assert [point["step"] for point in run.report["curve"]] == list(range(1, 15))
    assert run.report["loss_after"] == run.report["curve"][-1]["validation_loss"]
    assert run.report["loss_after"] < 0.8 * run.report["loss_before"]


def test_the_report_has_the_targets_of_train_where_they_can_be_labels(run: Run) -> None:
    assert len(run.report["labels"]) == 25
    assert run.report["labels"][0] == "create a bucket"


def test_the_adapter_changes_the_base_model(run: Run, checkpoint_folder: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(checkpoint_folder)
    tokens = torch.tensor([[5, 6, 7, 8]])
    before = base(tokens).logits
    after = PeftModel.from_pretrained(base, str(run.artifact / "adapter"))(tokens).logits
    assert not torch.allclose(before, after, atol=1e-2)


def test_a_steps_loss_is_the_mean_over_the_answer_tokens_of_its_batch(folders: TrainingFolders) -> None:
    settings = replace(SETTINGS, epochs=1, batch_size=10, lora_dropout=0.0)
    report = train.fine_tune(settings, replace(folders, train=folders.validation))
    assert report["curve"][0]["loss"] == pytest.approx(report["loss_before"], rel=2e-3)  # bf16


def test_the_seed_fixes_the_outcome(folders: TrainingFolders) -> None:
    first, second, other = (
        train.fine_tune(replace(SETTINGS, epochs=1, max_examples=16, seed=seed), folders)["loss_after"]
        for seed in (1, 1, 2)
    )
    assert first == second != other


def test_cloudwatch_finds_every_metric_in_the_log(run: Run) -> None:
    [step] = [s for s in json.loads(DEFINITION.read_text())["Steps"] if s["Name"] == "FineTune"]
    found: dict[str, list[float]] = {}
    for metric in step["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"]:
        matches = [re.search(metric["Regex"], line) for line in run.log]
        found[metric["Name"]] = [float(match.group(1)) for match in matches if match]
    curve = run.report["curve"]
    assert found["train:loss"] == pytest.approx([point["loss"] for point in curve], rel=1e-4)
    assert found["train:learning_rate"] == pytest.approx([point["learning_rate"] for point in curve], rel=1e-4)
    assert len(found["train:tokens_per_second"]) == len(curve)
    by_epoch = [point["validation_loss"] for point in curve if "validation_loss" in point]
    assert found["validation:loss"] == pytest.approx([run.report["loss_before"], *by_epoch], rel=1e-4)


def test_progress_counts_up_to_the_last_step(run: Run) -> None:
    lines = [json.loads(line[9:]) for line in run.log if line.startswith("PROGRESS ")]
    before, *steps = [line for line in lines if line["phase"] == "train"]
    assert (before["done"], before["total"]) == (0, 14)
    assert [(line["done"], line["total"]) for line in steps] == [(n, 14) for n in range(1, 15)]
    assert all(line["loss"] > 0 for line in steps)
    assert all(line["eta_s"] > 0 and line["unit"] == "steps" for line in (before, *steps))
    export = [line for line in lines if line["phase"] == "export"]
    assert export[-1]["done"] == export[-1]["total"]


def test_each_phase_says_that_it_begins(run: Run) -> None:
    lines = [json.loads(line[9:]) for line in run.log if line.startswith("PROGRESS ")]
    phases = [phase for phase, _ in itertools.groupby(line["phase"] for line in lines)]
    assert phases == [
        *("read examples", "load base model", "validate"),
        *("train", "validate") * SETTINGS.epochs,
        *("merge", "export", "save", "validate"),
    ]
    assert next(line["done"] for line in lines if line["phase"] == "validate") == 0


@pytest.mark.parametrize("script", ["pipelines/tuning/train.py", "pipelines/tuning/__main__.py"])
def test_a_script_says_that_it_loads_libraries_before_it_loads_the_first(script: str) -> None:
    # A process in which PyTorch cannot be imported ends with the first line that needs it.
    program = f"import runpy, sys; sys.modules['torch'] = None; runpy.run_path({script!r}, run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.stdout == 'PROGRESS {"phase": "load libraries", "done": 0, "total": 2, "library": "torch"}\n'
    assert "import of torch halted" in ended.stderr


def without(folder: Path, name: str, target: Path) -> Path:
    shutil.copytree(folder, target)
    (target / name).unlink()
    return target


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_base_model_is_refused_by_file(missing: str, folders: TrainingFolders, tmp_path: Path) -> None:
    incomplete = replace(folders, model=without(folders.model, missing, tmp_path / "incomplete"))
    pattern = "*.safetensors" if missing.endswith("safetensors") else missing
    with pytest.raises(TuningError, match=re.escape(f"The base model lacks {pattern}; its folder holds:")):
        train.fine_tune(SETTINGS, incomplete)


def test_an_architecture_that_cannot_be_served_is_refused_before_the_weights_are_read(
    folders: TrainingFolders, tmp_path: Path
) -> None:
    foreign = without(folders.model, "model.safetensors", tmp_path / "foreign")
    (foreign / "model.safetensors").write_bytes(b"never read")
    config = json.loads((foreign / "config.json").read_text())
    (foreign / "config.json").write_text(json.dumps(config | {"architectures": ["MistralForCausalLM"]}))
    with pytest.raises(TuningError, match="cannot be exported for serving: its architecture is MistralForCausalLM"):
        train.fine_tune(SETTINGS, replace(folders, model=foreign))


def test_a_base_model_without_chat_template_is_refused(folders: TrainingFolders, tmp_path: Path) -> None:
    silent = without(folders.model, "chat_template.jinja", tmp_path / "silent")
    with pytest.raises(TuningError, match="no chat template"):
        train.fine_tune(SETTINGS, replace(folders, model=silent))


def test_a_diverging_run_ends_with_advice(folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: Any) -> float:
        return float("nan")

    monkeypatch.setattr(loop.Trainer, "gradients", diverge)
    with pytest.raises(TuningError, match=r"became nan in step 1 of 14\. Lower the learning rate"):
        train.fine_tune(SETTINGS, folders)


def test_a_gradient_that_is_no_number_is_not_learned_from(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradients = loop.Trainer.gradients
    stepped: list[int] = []

    def overflow(self: loop.Trainer, batch: Any) -> float:
        loss = gradients(self, batch)
        gradient = self.weights[0].grad
        assert gradient is not None
        gradient[0, 0] = float("inf")
        self.optimizer.register_step_pre_hook(lambda *_: stepped.append(1))
        return loss

    monkeypatch.setattr(loop.Trainer, "gradients", overflow)
    with pytest.raises(TuningError, match=r"The gradient became inf in step 1 of 14\. Lower the learning rate"):
        train.fine_tune(SETTINGS, folders)
    assert not stepped


def test_a_held_out_loss_that_is_no_number_ends_training(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    mean_losses = iter([4.0, float("nan")])
    monkeypatch.setattr(losses, "mean_loss", lambda *_: next(mean_losses))
    with pytest.raises(TuningError, match="loss on the validation examples is nan"):
        train.fine_tune(replace(SETTINGS, epochs=1), folders)


def test_four_validation_examples_are_refused_with_the_remedy(
    folders: TrainingFolders, write_records: WriteRecords, tmp_path: Path
) -> None:
    write_records(tmp_path / "few" / "validation", 4)
    with pytest.raises(TuningError, match=r"Channel 'validation' has 4 examples .*data\.split\.validation"):
        train.fine_tune(SETTINGS, replace(folders, validation=tmp_path / "few" / "validation"))


def test_targets_that_are_no_labels_are_refused_before_the_weights_are_read(
    folders: TrainingFolders, tmp_path: Path
) -> None:
    wordy = [record(number) for number in range(10)]
    wordy[7]["messages"][1]["content"] = "a label of " + "many " * 30 + "words"
    write_lines(tmp_path / "wordy" / "train", [json.dumps(each) for each in wordy])
    unread = without(folders.model, "model.safetensors", tmp_path / "unread")
    (unread / "model.safetensors").write_bytes(b"never read")
    wrong = replace(folders, train=tmp_path / "wordy" / "train", model=unread)
    with pytest.raises(TuningError, match=r"macroF1 compares labels.*data\.columns\.target"):
        train.fine_tune(replace(SETTINGS, metric="macroF1", max_length=256), wrong)


def test_the_pool_of_labels_is_that_of_the_candidates() -> None:
    assert splits.LABEL_POOL == handler.LABEL_POOL


def test_labels_come_from_as_many_records_as_the_candidates_have_them_from(
    folders: TrainingFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "LABEL_POOL", 3)
    report = train.fine_tune(replace(SETTINGS, epochs=1, metric="accuracy"), folders)
    assert sorted(report["labels"]) == ["create a bucket", "delete a bucket", "list a bucket"]


def test_folders_follow_the_toolkit_and_else_the_base_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/job")
    monkeypatch.setenv("SM_CHANNEL_TRAIN", "/elsewhere/train")
    for name in ("SM_CHANNEL_VALIDATION", "SM_CHANNEL_MODEL", "SM_MODEL_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert TrainingFolders.from_environment() == TrainingFolders(
        train=Path("/elsewhere/train"),
        validation=Path("/job/input/data/validation"),
        model=Path("/job/input/data/model"),
        artifact=Path("/job/model"),
        checkpoints=Path("/job/checkpoints"),
    )


def test_a_failure_leaves_its_reason_where_the_service_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as ended, failures_explained():
        parse_training(["--epochs", "0"])
    assert ended.value.code == 1
    reason = (tmp_path / "output" / "failure").read_text()
    assert "epochs: 0 is not between 1 and 100" in reason
    assert capsys.readouterr().err == f"ERROR: {reason}\n"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_too_little_memory_is_told_with_the_settings_that_need_less(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    with pytest.raises(SystemExit), failures_explained():
        raise error
    reason = (tmp_path / "output" / "failure").read_text()
    for setting in ("max_length", "batch_size", "instance_type", "evaluation_instance_type"):
        assert f"tuning.{setting}" in reason
    assert type(error).__name__ in reason


def test_an_unexpected_failure_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    with pytest.raises(RuntimeError), failures_explained():
        raise RuntimeError("x" * 5000)
    reason = (tmp_path / "output" / "failure").read_text()
    assert reason.startswith("RuntimeError: xxx")
    assert len(reason) == 1024


def test_defaults_are_those_of_the_pipeline() -> None:
    parameters = {p["Name"]: p.get("DefaultValue") for p in json.loads(DEFINITION.read_text())["Parameters"]}
    names = {"epochs": "Epochs", "learning_rate": "LearningRate", "lora_rank": "LoraRank", "seed": "Seed"}
    names |= {"lora_alpha": "LoraAlpha", "lora_dropout": "LoraDropout", "batch_size": "BatchSize"}
    names |= {"method": "Method", "trained_layers": "TrainedLayers", "patience": "Patience", "warm_up": "WarmUp"}
    names |= {"schedule": "Schedule", "weight_decay": "WeightDecay", "metric": "Metric"}
    names |= {"max_length": "MaxLength", "max_examples": "MaxExamples"}
    names |= {"quantization": "Quantization", "quantization_tolerance": "QuantizationTolerance"}
    defaults: TrainingSettings = parse_training([])
    assert {name: getattr(defaults, name) for name in names} == {n: parameters[p] for n, p in names.items()}
