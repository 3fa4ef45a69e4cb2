"""The evaluation script: figures for the gate, answers for people, and the one file that the job runs."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rouge_score.rouge_scorer import RougeScorer
from transformers import PreTrainedTokenizerFast

from cdk_app.assets import SHINGLES
from pipelines.tuning import __main__ as evaluation
from pipelines.tuning import archive as archive_of
from pipelines.tuning import checkpoint, examples, generation
from pipelines.tuning.container import EvaluationFolders, TuningError
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.outcome import Outcome
from pipelines.tuning.reporting import write
from pipelines.tuning.settings import parse_evaluation
from tests.unit.tuning.conftest import record, write_lines
from tests.unit.tuning.evaluations import archive, folders

__all__ = ["archive", "folders"]

ROOT = Path(__file__).parents[3]
LIMITS = ["--minimum_metric", "0.3", "--minimum_loss_reduction", "0.05"]
SETTINGS = replace(parse_evaluation(LIMITS), test_examples=8, max_length=96)


def test_report_and_predictions_agree(folders: EvaluationFolders) -> None:
    report, lines = evaluation.evaluate(SETTINGS, folders)
    assert report["metric"] == "rougeL"
    assert "by_label" not in report["tuned"]
    assert report["examples"] == len(lines) == 8
    scorer = RougeScorer(["rougeL"])
    for name in ("base", "tuned"):
        for line in lines:
            expected = scorer.score(line["reference"], line[name])["rougeL"].fmeasure
            assert line[f"{name}_score"] == pytest.approx(expected)
        mean = sum(line[f"{name}_score"] for line in lines) / len(lines)
        assert report[name]["rougeL"] == pytest.approx(mean)
    assert report["loss_reduction"] == pytest.approx(1 - report["tuned"]["loss"] / report["base"]["loss"])
    assert report["difference"]["value"] == pytest.approx(report["tuned"]["rougeL"] - report["base"]["rougeL"])
    assert report["tuned"]["loss"] != report["base"]["loss"]
    assert any(line["base"] != line["tuned"] for line in lines)


def test_a_classification_is_measured_by_the_labels_that_training_found(
    folders: EvaluationFolders, tmp_path: Path
) -> None:
    labels = ["create a bucket", "delete a bucket"]
    (tmp_path / "training.json").write_text(json.dumps({"labels": labels}))
    (tmp_path / "model").mkdir()
    with tarfile.open(tmp_path / "model" / "model.tar.gz", "w:gz") as tar:
        tar.add(folders.model / "adapter", "adapter")
        tar.add(tmp_path / "training.json", "training.json")
    classified = replace(SETTINGS, metric="macroF1")

    report, lines = evaluation.evaluate(classified, replace(folders, model=tmp_path / "model"))

    assert (report["metric"], report["labels"]) == ("macroF1", labels)
    assert report["tuned"]["macroF1"] == report["tuned"]["value"]
    for name in ("base", "tuned"):
        rows = report[name]["by_label"]["confusion"]["rows"]
        assert sum(map(sum, rows)) == len(lines)
        assert sum(row[place] for place, row in enumerate(rows)) == sum(line[f"{name}_score"] for line in lines)
    assert {line["tuned_score"] for line in lines} <= {0.0, 1.0}
    with pytest.raises(TuningError, match="training found none"):
        evaluation.evaluate(classified, folders)


def test_both_models_are_measured_with_the_same_positions_where_numbers_are_bf16(
    folders: EvaluationFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardware = Hardware(torch.device("cpu"), torch.bfloat16, tokens_at_once=512, answers_at_once=8)
    monkeypatch.setattr(evaluation, "detect", lambda: hardware)
    frequencies: list[torch.Tensor] = []
    answer_all = evaluation.answer_all

    def watched(name: str, model: Any, **others: Any) -> Outcome:
        assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
        frequencies.append(model.get_buffer("model.rotary_emb.inv_freq").clone())
        return answer_all(name, model, **others)

    monkeypatch.setattr(evaluation, "answer_all", watched)
    evaluation.evaluate(SETTINGS, folders)
    base, tuned = frequencies
    assert base.dtype == tuned.dtype == torch.float32
    assert torch.equal(base, tuned)


def test_four_test_examples_are_refused_with_what_became_of_the_others(
    folders: EvaluationFolders, tmp_path: Path
) -> None:
    records = [record(number) for number in range(9)]
    for wordy in records[4:]:
        wordy["messages"][0]["content"] = " ".join(["bucket"] * 1000)
    write_lines(tmp_path / "few" / "test", [json.dumps(each) for each in records])
    census = r"Channel 'test' has 4 examples .* and 5 are needed: 9 records read, 5 too long\. .*data\.split\.test"
    with pytest.raises(TuningError, match=census):
        evaluation.evaluate(SETTINGS, replace(folders, test=tmp_path / "few" / "test"))


def test_the_quality_gate_finds_its_figures(folders: EvaluationFolders) -> None:
    report, lines = evaluation.evaluate(SETTINGS, folders)
    write(folders.output, report, lines)
    written = json.loads((folders.output / "gate.json").read_text())
    definition = (ROOT / "pipelines" / "definition" / "pipeline.json").read_text()
    assert {"verdict", "message", "margin", "loss_reduction_low", "examples"} == set(written)
    for path in written:
        assert f'"Path": "{path}"' in definition
    assert definition.count('"Path": ') == sum(definition.count(f'"Path": "{path}"') for path in written)
    assert sorted(path.name for path in folders.output.iterdir()) == [
        "evaluation.json",
        "gate.json",
        "predictions.jsonl",
    ]


def test_answers_in_a_padded_batch_are_those_given_one_by_one(
    folders: EvaluationFolders, tokenizer: PreTrainedTokenizerFast
) -> None:
    hardware = replace(detect(), dtype=torch.float32)
    model = checkpoint.load_model(folders.base, hardware, torch.float32, "sdpa")
    loaded, _ = examples.load(folders.test, 6, tokenizer, 96, seed=1)
    loaded[2] = replace(loaded[2], tokens=loaded[2].tokens[5:], completion_start=loaded[2].completion_start - 5)
    seen: list[tuple[int, int]] = []
    batched = generation.answers(
        model, tokenizer, loaded, 24, replace(hardware, answers_at_once=4), lambda *at: seen.append(at)
    )
    single = generation.answers(model, tokenizer, loaded, 24, replace(hardware, answers_at_once=1), lambda *_: None)
    assert batched == single
    done = [answered for answered, _ in seen]
    assert done == sorted(done)
    assert set(done) & {1, 2, 3}, "a batch takes long, and tells so before it ends"
    assert {(4, 6), (6, 6)} < set(seen)
    assert len(set(batched)) > 1


def test_an_answer_is_cut_off_where_the_endpoint_would_cut_it(folders: EvaluationFolders) -> None:
    report, short = evaluation.evaluate(replace(SETTINGS, max_output_tokens=3), folders)
    _, long = evaluation.evaluate(replace(SETTINGS, max_output_tokens=12), folders)
    assert report["max_output_tokens"] == 3
    for one, other in zip(short, long, strict=True):
        assert other["base"].startswith(one["base"].rstrip("\N{REPLACEMENT CHARACTER}"))
    assert any(len(one["base"]) < len(other["base"]) for one, other in zip(short, long, strict=True))


def test_a_missing_archive_is_named(folders: EvaluationFolders, tmp_path: Path) -> None:
    with pytest.raises(TuningError, match=r"no model\.tar\.gz"):
        archive_of.unpack_learned(tmp_path, tmp_path / "out")


def pack(folder: Path, member: str) -> Path:
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    return folder


def test_an_archive_without_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TuningError, match=r"holds no adapter/adapter_config\.json and no checkpoint/config\.json"):
        archive_of.unpack_learned(pack(tmp_path, "model.gguf"), tmp_path / "out")


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(TuningError, match=r"adapter/\.\./\.\./evil' is no file of a model"):
        archive_of.unpack_learned(pack(tmp_path, "adapter/../../evil"), tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_a_link_in_the_place_of_an_adapter_s_file_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("adapter/adapter_config.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(TuningError, match="is no file of a model"):
        archive_of.unpack_learned(tmp_path, tmp_path / "out")


def test_a_torn_archive_is_named(archive: Path, tmp_path: Path) -> None:
    whole = (archive / "model.tar.gz").read_bytes()
    (tmp_path / "model.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TuningError, match=r"model\.tar\.gz is not a whole archive"):
        archive_of.unpack_learned(tmp_path, tmp_path / "out")


def test_an_archive_with_something_foreign_in_it_is_named(archive: Path, tmp_path: Path) -> None:
    whole = gzip.decompress((archive / "model.tar.gz").read_bytes())
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(whole[: len(whole) // 2]) + b"no gzip any more")
    with pytest.raises(TuningError, match=r"model\.tar\.gz is not a whole archive: Not a gzipped file"):
        archive_of.unpack_learned(tmp_path, tmp_path / "out")


def test_the_zip_runs_by_itself_and_says_why_it_fails(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evaluation.zip", "w") as code:
        code.write(ROOT / "pipelines" / "tuning" / "__main__.py", "__main__.py")
        code.write(ROOT / "pipelines" / "__init__.py", "pipelines/__init__.py")
        for path in sorted((ROOT / "pipelines" / "tuning").glob("*.py")):
            code.write(path, f"pipelines/tuning/{path.name}")
        for name in SHINGLES:
            code.write(ROOT / name, name)
    environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "evaluation.zip"), "--test_examples", "8", *LIMITS],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    message = "The base model lacks config.json, tokenizer.json, *.safetensors; its folder holds: nothing."
    assert f"ERROR: {message}" in done.stderr
    assert (tmp_path / "output" / "message").read_text().startswith(message)
