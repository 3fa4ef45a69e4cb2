"""One command writes every form of a tuned model; each is the model that training left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from pipelines.tuning import artifacts, checkpoint, losses, served_forms
from pipelines.tuning.artifact_request import Request
from pipelines.tuning.container import TuningError
from pipelines.tuning.examples import load
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.served_forms import write_all
from tests.unit.tuning.gguf_models import ask_llama_cpp, serve
from tests.unit.tuning.trained_models import SETTINGS, scaled, trained

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords

CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=512, answers_at_once=4)


def base_in(dtype: torch.dtype, checkpoint: Path, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    """Give a base model's folder anew, in another number format."""
    AutoModelForCausalLM.from_pretrained(checkpoint, dtype=dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> tuple[Request, dict[str, Any]]:
    request, report = trained(tmp_path_factory.mktemp("lora"), checkpoint_folder)
    write_all(request)
    return request, report


def test_one_command_leaves_adapter_merged_weights_and_two_quantizations(lora: tuple[Request, dict[str, Any]]) -> None:
    request, report = lora
    found = {path.name for path in request.output.iterdir()}
    assert found == {"adapter", "merged", "model-q8_0.gguf", "model-q4_0.gguf", "artifacts.json"}
    written = json.loads((request.output / "artifacts.json").read_text())
    # As near as bf16 has it, where this machine trains in that.
    assert written["loss"] == pytest.approx(report["loss_after"], rel=5e-3)
    assert written["examples"] == 10
    assert [each["quantization"] for each in written["quantized"]] == ["q8_0", "q4_0"]
    for each in written["quantized"]:
        assert each["bytes"] == (request.output / each["file"]).stat().st_size
        assert 0 < each["distance"] <= each["tolerance"] == 0.5
    assert written["refused"] == []
    assert written["merged"] == {"dtype": "float32", "loss": written["loss"], "distance": 0}


def test_the_losses_are_those_of_the_weights_whatever_the_machine_multiplies(
    lora: tuple[Request, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(served_forms, "detect", partial(replace, CPU, dtype=dtype))
        written.append(write_all(replace(lora[0], output=tmp_path / str(dtype), quantizations=("q8_0",))))
    assert written[0] == written[1]


def test_what_rounding_takes_from_the_merged_weights_is_told(
    tmp_path: Path, checkpoint_folder: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    request, _ = trained(tmp_path, base_in(torch.bfloat16, checkpoint_folder, tokenizer, tmp_path / "base"))
    told = write_all(replace(request, quantizations=("q8_0",)))
    saved = checkpoint.load_model(request.output / "merged", CPU, torch.float32)
    validation, _ = load(request.examples, 10, tokenizer, 96, SETTINGS.seed)
    assert told["merged"]["dtype"] == "bfloat16"
    assert told["merged"]["loss"] == losses.mean_loss(saved, validation, CPU, lambda *_: None)
    assert told["merged"]["distance"] == abs(told["merged"]["loss"] - told["loss"]) > 0


def test_the_merged_weights_are_the_trained_model(
    lora: tuple[Request, dict[str, Any]], tokenizer: PreTrainedTokenizerFast
) -> None:
    request, report = lora
    merged = checkpoint.load_model(request.output / "merged", CPU, torch.float32)
    validation, _ = load(request.examples, 10, tokenizer, 96, SETTINGS.seed)
    assert losses.mean_loss(merged, validation, CPU, lambda *_: None) == pytest.approx(report["loss_after"], rel=5e-3)
    assert AutoModelForCausalLM.from_pretrained(request.output / "merged").config.architectures == ["LlamaForCausalLM"]


@pytest.mark.parametrize("quantization", ["q8_0", "q4_0"])
def test_llama_cpp_answers_from_either_file(lora: tuple[Request, dict[str, Any]], quantization: str) -> None:
    request, _ = lora
    text, tokens, likely = ask_llama_cpp(serve(request.output / f"model-{quantization}.gguf"), "describe the bucket")
    assert text
    assert tokens > 0
    assert likely


def test_a_model_without_adapter_leaves_its_checkpoint_as_the_merged_weights(
    tmp_path: Path, checkpoint_folder: Path
) -> None:
    request, _ = trained(tmp_path, checkpoint_folder, method="full")
    write_all(replace(request, quantizations=("q8_0",)))
    assert not (request.output / "adapter").exists()
    own = load_file(tmp_path / "artifact" / "checkpoint" / "model.safetensors")
    merged = load_file(request.output / "merged" / "model.safetensors")
    assert all(torch.equal(merged[name], tensor) for name, tensor in own.items())


def test_a_quantization_that_is_too_far_off_is_named_and_not_left(
    lora: tuple[Request, dict[str, Any]], tmp_path: Path
) -> None:
    request = replace(lora[0], output=tmp_path / "strict", tolerance=1e-9)
    with pytest.raises(TuningError, match=r"as q8_0 is too far.*as q4_0 is too far.*Ask for others than q4_0"):
        write_all(request)
    assert {path.name for path in request.output.iterdir()} == {"adapter", "merged", "artifacts.json"}
    written = json.loads((request.output / "artifacts.json").read_text())
    assert [each["quantization"] for each in written["refused"]] == ["q8_0", "q4_0"]


@pytest.mark.parametrize(
    ("dtype", "refused", "left"),
    [
        (torch.float32, ["exported as q8_0"], {"adapter", "merged", "artifacts.json"}),
        (torch.float16, ["exported as q8_0", "rounded to float16"], {"adapter", "artifacts.json"}),
    ],
)
def test_a_form_that_overflows_has_no_loss_and_is_refused_beside_the_others(
    lora: tuple[Request, dict[str, Any]],
    tmp_path: Path,
    checkpoint_folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    dtype: torch.dtype,
    refused: list[str],
    left: set[str],
) -> None:
    base = base_in(dtype, checkpoint_folder, tokenizer, tmp_path / "base")
    model = scaled(lora[0].model, tmp_path, 1e12)
    request = replace(lora[0], base=base, model=model, output=tmp_path / "out", quantizations=("q8_0",))
    with pytest.raises(TuningError) as told:
        write_all(request)
    assert {path.name for path in request.output.iterdir()} == left
    written = json.loads((request.output / "artifacts.json").read_text())
    assert written["loss"] > 0
    assert [each["distance"] for each in written["refused"]] == [None] * len(refused)
    for words, each in zip(refused, written["refused"], strict=True):
        assert words in each["problem"]
        assert "loss by answer token is no number" in each["problem"]
        assert each["problem"] in str(told.value)
    assert "--tolerance" not in str(told.value)


def test_what_fails_in_the_middle_leaves_nothing(
    lora: tuple[Request, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        assert [path.name for path in tmp_path.iterdir()] != []
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(served_forms, "_save_merged", full)
    with pytest.raises(OSError, match="No space left"):
        write_all(replace(lora[0], output=tmp_path / "new", quantizations=("q8_0",)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_in_it_is_left_alone(lora: tuple[Request, dict[str, Any]]) -> None:
    with pytest.raises(TuningError, match="holds files already"):
        write_all(lora[0])


def test_training_fails_where_what_it_exports_is_too_far_off(
    tmp_path: Path, checkpoint_folder: Path, write_records: WriteRecords
) -> None:
    with pytest.raises(TuningError, match=r"exported as q4_0 is too far .* Set tuning\.quantization to q8_0"):
        trained(tmp_path, checkpoint_folder, quantization="q4_0", quantization_tolerance=1e-9)


def test_the_training_report_says_how_far_off_the_served_file_is(lora: tuple[Request, dict[str, Any]]) -> None:
    export = lora[1]["export"]
    assert (export["quantization"], export["tolerance"]) == ("q8_0", 0.05)
    assert export["model_loss"] == lora[1]["loss_after"]
    assert 0 < export["distance"] == abs(export["quantized_loss"] - export["model_loss"]) < 0.05


def command(request: Request, *more: str) -> list[str]:
    return [*(f"--{name}={getattr(request, name)}" for name in ("base", "model", "examples", "output")), *more]


def test_the_command_line_says_what_is_asked_for(lora: tuple[Request, dict[str, Any]]) -> None:
    request = lora[0]
    asked = artifacts.parsed(command(request, "--quantizations", "q4_1", "q4_1", "--tolerance", "0.5"))
    assert asked == replace(request, quantizations=("q4_1",))


def test_arguments_that_make_no_sense_are_all_told_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    for heavy in ("torch", "transformers", "gguf"):
        (tmp_path / f"{heavy}.py").write_text("raise AssertionError('too early')")
    (tmp_path / "taken" / "file").mkdir(parents=True)
    request = Request(tmp_path / "base", tmp_path, tmp_path / "examples", tmp_path / "taken")
    ended = subprocess.run(
        [sys.executable, "-m", artifacts.__name__, *command(request, "--tolerance=nan")],
        cwd=Path(artifacts.__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    told = ended.stderr.splitlines()
    expected = ["it lacks config.json", "has no model.tar.gz", "has no *.jsonl", "holds files already", "nan is not"]
    assert len(told) == len(expected)
    assert all(words in line for words, line in zip(expected, told, strict=True))


@pytest.mark.parametrize("there", [True, False])
def test_an_output_behind_a_symbolic_link_is_written_where_that_leads(tmp_path: Path, there: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    if there:
        target.mkdir()
    with served_forms.whole(link) as folder:
        (folder / "file").touch()
    assert link.is_symlink()
    assert [path.name for path in target.iterdir()] == ["file"]
    assert {path.name for path in tmp_path.iterdir()} == {"link", "target"}


def test_the_output_may_be_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with served_forms.whole(Path()) as folder:
        (folder / "file").touch()
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("file", "is a file"),
        ("file/new", "cannot be made in"),
        ("circle", "in a circle"),
        ("circle/new", "in a circle"),
        ("/", "is a mount point"),
    ],
)
def test_an_output_that_cannot_be_a_folder_is_told(tmp_path: Path, output: str, words: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    problems = Request(tmp_path, tmp_path, tmp_path, tmp_path / output).problems()
    assert any(words in problem for problem in problems)


def test_a_command_that_is_ended_leaves_nothing(lora: tuple[Request, dict[str, Any]], tmp_path: Path) -> None:
    request = replace(lora[0], output=tmp_path / "new")
    with subprocess.Popen(
        [sys.executable, "-m", artifacts.__name__, *command(request)],
        cwd=Path(artifacts.__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any('"phase": "merge"' in line for line in process.stdout)
        assert [path.name for path in tmp_path.iterdir()] != []
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
