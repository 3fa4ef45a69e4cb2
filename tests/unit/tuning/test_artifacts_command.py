"""`fourfold artifacts` finds what a run trained, and leaves every form of it in a folder that it names."""

from __future__ import annotations

import fcntl
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.artifacts
import cli.main
import cli.run
from cdk_app.settings import load_settings
from cli.main import app
from tests.unit.run.left_behind import attempt, leave_run
from tests.unit.tuning.conftest import record, write_lines
from tests.unit.tuning.trained_models import scaled, trained
from twin.emulator import buckets
from twin.run.last_run import LastRun
from twin.run.session import emulator_folder

PROJECT = Path(__file__).resolve().parents[3]
WORKFLOW = PROJECT / "workflow.yaml"
BASE = load_settings(WORKFLOW, "twin").tuning.model


@dataclass
class Left:
    """What a run `r1` has left on this machine."""

    root: Path

    @property
    def buckets(self) -> Path:
        return buckets(emulator_folder(self.root))

    @property
    def run(self) -> Path:
        return self.buckets / "models" / "run=r1"

    @property
    def reports(self) -> Path:
        return self.root / "runs"

    def archive(self, job: str) -> Path:
        return self.run / "training" / job / "output"


def leave(root: Path, base: Path, model: Path) -> Left:
    """Lay the objects of a run out as the account's files."""
    left, account = Left(root), emulator_folder(root)
    account.mkdir(parents=True)
    LastRun("arn:aws:states:r:1:execution:m:r1", left.reports, {}, WORKFLOW.read_bytes()).remember(account)
    shutil.copytree(base, left.buckets / "models" / "base" / BASE)
    shutil.copytree(model, left.archive("job-1"))
    write_lines(left.buckets / "curated/data/run=r1/validation", [json.dumps(record(number)) for number in range(10)])
    (left.buckets / "quarantine/data/run=r1/reason=empty").mkdir(parents=True)
    (left.reports / "r1").mkdir(parents=True)
    (left.reports / "r1" / "report.json").write_text('{"execution": {"status": "SUCCEEDED"}}')
    return left


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Left:
    """A run whose files are there and hold nothing."""
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / "base").mkdir(exist_ok=True)
        (tmp_path / "base" / name).touch()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.tar.gz").touch()
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)
    return leave(tmp_path, tmp_path / "base", tmp_path / "model")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the script is asked for, by option, in the place of running it."""
    found: list[dict[str, str]] = []

    def run(argv: list[str], **_: Any) -> SimpleNamespace:
        words = [word.removeprefix("--").partition("=") for word in argv if "=" in word]
        found.append({name: value for name, _, value in words})
        found[-1]["quantizations"] = " ".join(word for word in argv if word.startswith("q"))
        return SimpleNamespace(returncode=0, tail=[])

    monkeypatch.setattr(cli.artifacts, "run_process", run)
    return found


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["artifacts", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> Iterator[Left]:
    """A run that has trained a model, so small that a quantization is further off than the settings let it be."""
    folder = tmp_path_factory.mktemp("trained")
    request, _ = trained(folder, checkpoint_folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli.main, "ROOT", folder / "root")
        yield leave(folder / "root", request.base, request.model)


def test_the_last_run_s_model_is_left_in_every_form_beside_its_report(left: Left) -> None:
    code, stdout, stderr = invoke("--tolerance", 0.5)

    folder = left.reports / "r1" / "artifacts"
    assert (code, stderr) == (0, "")
    assert stdout.endswith(f"\n{folder}\n")
    found = {path.name for path in folder.iterdir()}
    assert found == {"adapter", "merged", "model-q8_0.gguf", "model-q4_0.gguf", "artifacts.json"}
    assert {path.name for path in folder.parent.iterdir()} == {"artifacts", "report.json"}
    report = json.loads((folder / "artifacts.json").read_text())
    assert f"{report['quantized'][1]['distance']:.4f} off; 0.5 is allowed" in stdout
    for phase in ("load libraries", "merge", "validate q4_0", "save merged"):
        assert "running   Make the artifacts  0:0" in stdout
        assert phase in stdout


def test_a_quantization_that_is_too_far_off_is_an_error_and_the_rest_is_there(left: Left, tmp_path: Path) -> None:
    output = tmp_path / "new"
    code, stdout, stderr = invoke("r1", "--output", output, "--quantization", "q4_1", "--tolerance", 1e-9)

    assert code == 1
    assert "exported as q4_1 is too far" in stderr
    assert "Ask for others than q4_1, or raise --tolerance." in stderr
    assert {path.name for path in output.iterdir()} == {"adapter", "merged", "artifacts.json"}
    assert "merged/" in stdout


def test_a_model_whose_loss_is_no_number_is_told_as_such(
    left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.main, "ROOT", tmp_path / "root")
    model = scaled(left.archive("job-1"), tmp_path, math.nan)
    broken = leave(tmp_path / "root", left.buckets / "models" / "base" / BASE, model)

    code, stdout, stderr = invoke("--quantization", "q8_0")

    assert code == 1
    assert "its held-out loss by answer token is no number, the trained model's no number" in stderr
    assert "rounded to float32, are too far" in stderr
    assert "The model's own loss on 10 validation records: no number" in stdout
    assert {path.name for path in (broken.reports / "r1/artifacts").iterdir()} == {"adapter", "artifacts.json"}


def test_beside_a_run_nothing_is_made_of_what_it_may_clear(small: Left, asked: list[dict[str, str]]) -> None:
    with (small.root / ".fourfold" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, stderr = invoke()

    assert (code, asked) == (2, [])
    assert "A run is going on" in stderr


def test_what_is_deployed_may_be_served_meanwhile(small: Left, asked: list[dict[str, str]]) -> None:
    with (emulator_folder(small.root) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert invoke()[0] == 0
    assert len(asked) == 1


def test_while_artifacts_are_made_no_run_clears_the_account_and_others_may_be_made(
    small: Left, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.run, "ROOT", small.root)
    leave_run(small.root, attempt("interrupted"))
    told: list[str] = []

    def script(argv: list[str], **_: Any) -> SimpleNamespace:
        if not told:
            told.append(CliRunner().invoke(app, ["resume"]).stderr)
            assert invoke("--output", tmp_path / "others")[0] == 0
        return SimpleNamespace(returncode=0, tail=[])

    monkeypatch.setattr(cli.artifacts, "run_process", script)

    assert invoke()[0] == 0
    assert "`fourfold artifacts` reads what the last one left" in told[0]


@pytest.mark.parametrize("run", ["", "r1", "runs/r1", "runs/r1/"])
def test_a_run_is_named_by_its_id_by_its_folder_or_not_at_all(
    small: Left, asked: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, run: str
) -> None:
    monkeypatch.chdir(small.root)
    assert invoke(*filter(None, [run]))[0] == 0
    assert asked == [
        {
            "base": str(small.buckets / "models" / "base" / BASE),
            "model": str(small.archive("job-1")),
            "examples": str(small.buckets / "curated/data/run=r1/validation"),
            "output": str(small.reports / "r1" / "artifacts"),
            "quantizations": "q8_0 q4_0",
            "tolerance": "0.05",
        }
    ]


def test_of_a_search_the_model_that_was_registered_is_taken(small: Left, asked: list[dict[str, str]]) -> None:
    shutil.copytree(small.archive("job-1"), small.archive("job-2"))
    card = {"model_overview": {"model_artifact": ["s3://models/run=r1/training/job-2/output/model.tar.gz"]}}
    (small.run / "evaluation").mkdir()
    (small.run / "evaluation" / "model_card.json").write_text(json.dumps(card))

    assert invoke()[0] == 0
    assert asked[0]["model"] == str(small.archive("job-2"))


def test_of_a_search_that_registered_nothing_the_models_are_named(small: Left, asked: list[dict[str, str]]) -> None:
    shutil.copytree(small.archive("job-1"), small.archive("job-2"))

    code, _, stderr = invoke()

    assert (code, asked) == (2, [])
    assert "trained 2 models and registered none" in stderr
    assert stderr.endswith(f"{small.archive('job-1')}\n{small.archive('job-2')}\n")


def test_without_a_run_there_is_nothing_to_make_artifacts_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)
    expected = "No run on this machine has come to its workflow. `fourfold run` starts one.\n"
    assert invoke() == (2, "", expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["r0"], "What the run r0 trained is not on this machine: a run begins on an empty account, and the last one"),
        (["a b"], "neither a run's id nor its folder"),
        (["nowhere/r1"], "There is no folder nowhere/r1"),
        (["--output", "taken"], "is there already"),
        (["--output", "taken/file"], "is there already"),
        (["--quantization", "q3"], "q3"),
        (["--tolerance", "-1"], "--tolerance"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_before_anything_begins(
    small: Left,
    asked: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(small.root)
    write_lines(small.root / "taken", [""], "file")

    code, stdout, stderr = invoke(*arguments)

    assert (code, stdout, asked) == (2, "", [])
    assert words in stderr


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("models/run=r1/training", "has left no model that it trained"),
        ("models/base", f"Of the weights of {BASE}, 0 folders"),
        ("curated", "Of the validation records of the run r1, 0 folders"),
    ],
)
def test_what_is_no_longer_there_is_named(small: Left, asked: list[dict[str, str]], lost: str, words: str) -> None:
    shutil.rmtree(small.buckets / lost)
    code, _, stderr = invoke()
    assert (code, asked) == (2, [])
    assert words in stderr


def test_what_the_script_refuses_is_told_as_wrong_usage(small: Left) -> None:
    code, _, stderr = invoke("--tolerance", 0)
    assert (code, stderr) == (2, "--tolerance 0 is not above 0 and at most 10 nats.\n")


def test_a_script_that_dies_without_a_word_of_its_own_is_quoted(small: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.artifacts, "SCRIPT", "pipelines.tuning.nothing")
    code, _, stderr = invoke()
    assert code == 1
    assert "ended with status 1. Its last lines:" in stderr
    assert "No module named pipelines.tuning.nothing" in stderr
