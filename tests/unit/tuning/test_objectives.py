"""Each objective is trained by each method, and gains on its own measure: from channels to the evaluation's report."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.tuning import __main__ as evaluation
from pipelines.tuning import train
from pipelines.tuning.container import EvaluationFolders, TrainingFolders, TuningError
from pipelines.tuning.reporting import write
from pipelines.tuning.settings import CONTINUED_PRETRAINING, DPO, parse_evaluation, parse_training
from tests.unit.tuning.conftest import record, write_lines

TRAINING = replace(
    parse_training(["--learning_rate", "5e-3", "--trained_layers", "1", "--lora_dropout", "0"]),
    max_length=64,
    batch_size=4,
)
LIMITS = ["--minimum_metric", "0.3", "--minimum_loss_reduction", "0.05"]
EVALUATION = replace(parse_evaluation(LIMITS), max_length=64, max_output_tokens=4)


def text_line(number: int) -> dict[str, Any]:
    return {"record_id": f"{number:08x}", "text": record(number)["messages"][0]["content"] * (1 + number % 3)}


def pair_line(number: int) -> dict[str, Any]:
    return {**record(number), "rejected": "the stream of a role"}


LINES = {CONTINUED_PRETRAINING: text_line, DPO: pair_line}


@pytest.fixture
def folders(tmp_path: Path, checkpoint_folder: Path) -> TrainingFolders:
    return TrainingFolders(tmp_path / "train", tmp_path / "validation", checkpoint_folder, tmp_path / "artifact")


def write_splits(folder: Path, objective: str) -> None:
    for split, first, count in (("train", 0, 40), ("validation", 100, 10), ("test", 200, 12)):
        lines = [json.dumps(LINES[objective](first + number)) for number in range(count)]
        write_lines(folder / split, lines)


@pytest.mark.parametrize("method", ["lora", "full", "frozen"])
@pytest.mark.parametrize("objective", [CONTINUED_PRETRAINING, DPO])
def test_training_improves_what_the_objective_measures(
    objective: str, method: str, tmp_path: Path, folders: TrainingFolders
) -> None:
    write_splits(tmp_path, objective)
    report = train.fine_tune(replace(TRAINING, objective=objective, method=method), folders)
    assert report["loss_after"] < 0.95 * report["loss_before"]
    assert report["records"]["train"]["used"] == 40

    (tmp_path / "training.json").write_text(json.dumps(report))
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        for name in ("adapter", "checkpoint"):
            if (folders.artifact / name).is_dir():
                tar.add(folders.artifact / name, name)
        tar.add(tmp_path / "training.json", "training.json")
    places = EvaluationFolders(
        base=folders.model,
        model=tmp_path,
        test=tmp_path / "test",
        output=tmp_path / "output",
        train=tmp_path / "train",
        champion=tmp_path / "nobody",
    )
    found, lines = evaluation.evaluate(replace(EVALUATION, objective=objective), places)
    gain = found["objective"]
    assert gain["improved"]
    assert gain["records"] == 12
    assert found["loss_reduction"] == pytest.approx(1 - found["tuned"]["loss"] / found["base"]["loss"])
    assert found["loss_reduction"] == pytest.approx(gain["loss_reduction"])
    assert not any("no gain is shown in what was trained for" in reason for reason in found["gate"]["reasons"])
    write(places.output, found, lines)
    if objective == DPO:
        assert gain["base_loss"] == pytest.approx(0.693147, abs=1e-4)
        assert gain["tuned"] > 0.9
        assert gain["margin"]["ci"][0] > 0
        assert found["metric"] == "rougeL", "answers are measured as well"
        assert len(lines) == 12
    else:
        assert gain["tuned"] < gain["base"]
        assert found["metric"] == "perplexity"
        assert found["tuned"]["value"] == pytest.approx(gain["tuned"])
        assert not any("floor" in reason for reason in found["gate"]["reasons"])
        assert not lines


def test_a_quantized_model_of_pairs_is_compared_by_answer_token(tmp_path: Path, folders: TrainingFolders) -> None:
    write_splits(tmp_path, DPO)
    report = train.fine_tune(replace(TRAINING, objective=DPO), folders)
    # By pair, DPO's loss is below its ln 2 of the start; an answer token of this small model costs more.
    assert report["loss_after"] < 0.7 < report["export"]["model_loss"]
    assert report["export"]["quantized_loss"] == pytest.approx(report["export"]["model_loss"], abs=0.05)


def test_texts_alone_need_no_labels_where_the_metric_compares_labels(tmp_path: Path, folders: TrainingFolders) -> None:
    write_splits(tmp_path, CONTINUED_PRETRAINING)
    report = train.fine_tune(replace(TRAINING, objective=CONTINUED_PRETRAINING, metric="macroF1"), folders)
    assert report["labels"] == []


def test_answers_are_not_pairs(tmp_path: Path, folders: TrainingFolders) -> None:
    for split in ("train", "validation"):
        write_lines(tmp_path / split, [json.dumps(record(number)) for number in range(10)])
    with pytest.raises(TuningError, match=r"data\.columns\.rejected"):
        train.fine_tune(replace(TRAINING, objective=DPO), folders)


def test_pairs_serve_to_learn_their_chosen_answers(tmp_path: Path, folders: TrainingFolders) -> None:
    write_splits(tmp_path, DPO)
    report = train.fine_tune(TRAINING, folders)
    assert report["loss_after"] < 0.9 * report["loss_before"]
