"""The evaluation as it runs: what must not pass does not, and says why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.tuning import __main__ as evaluation
from pipelines.tuning import reporting
from pipelines.tuning.container import EvaluationFolders, TuningError
from pipelines.tuning.settings import EvaluationSettings, parse_evaluation
from tests.unit.tuning.conftest import record, write_lines
from tests.unit.tuning.evaluations import archive, folders, pack_adapter

__all__ = ["archive", "folders"]

GIVEN = {"minimum_metric": "0.3", "minimum_loss_reduction": "0.05", "test_examples": "24", "max_length": "96"}


def parsed(**changes: str) -> EvaluationSettings:
    given = {**GIVEN, "max_output_tokens": "8", **changes}
    return parse_evaluation([word for name, value in given.items() for word in (f"--{name}", value)])


def records(*numbers: int) -> list[str]:
    return [json.dumps(record(number)) for number in numbers]


@pytest.fixture
def places(folders: EvaluationFolders, tmp_path: Path) -> EvaluationFolders:
    longer = [record(number) for number in range(6)]
    for each in longer:
        each["messages"][0]["content"] += " It is in the account."
    write_lines(tmp_path / "many", [*map(json.dumps, longer), *records(*range(6, 18))])
    write_lines(tmp_path / "train", records(*range(100, 140)))
    return replace(folders, test=tmp_path / "many")


def gate_of(places: EvaluationFolders, **changes: str) -> dict[str, Any]:
    reporting.write(places.output, *evaluation.evaluate(parsed(**changes), places))
    written: dict[str, Any] = json.loads((places.output / "gate.json").read_text())
    report = json.loads((places.output / "evaluation.json").read_text())
    assert written.items() <= report["gate"].items()
    return written


def test_a_model_that_learned_nothing_is_refused_with_every_reason(places: EvaluationFolders) -> None:
    gate = gate_of(places)

    assert gate["verdict"] == "refused"
    assert "Held-out loss fell by the fraction -" in gate["message"]
    assert "(needed: 0.3; base model: " in gate["message"]
    assert gate["margin"] < 0
    assert "train split" not in gate["message"]


@pytest.mark.parametrize("limit", ["minimum_metric", "minimum_loss_reduction", "slice_tolerance", "general_tolerance"])
@pytest.mark.parametrize("value", ["0", "0.0", "-0.1", "1", "nan", "inf"])
def test_a_limit_that_lets_everything_through_is_refused_before_anything_is_read(limit: str, value: str) -> None:
    with pytest.raises(TuningError, match=rf"argument --{limit}: .* leaves the gate open"):
        parsed(**{limit: value})


@pytest.mark.parametrize("limit", ["minimum_metric", "minimum_loss_reduction"])
def test_a_limit_that_is_not_given_has_no_default(limit: str) -> None:
    arguments = [word for name, value in GIVEN.items() if name != limit for word in (f"--{name}", value)]
    with pytest.raises(TuningError, match=f"required: --{limit}"):
        parse_evaluation(arguments)


def test_an_empty_test_set_is_refused(places: EvaluationFolders, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TuningError, match=r"Channel 'empty' holds no record .*Check the S3 prefix"):
        gate_of(replace(places, test=tmp_path / "empty"))
    assert not places.output.exists()


def test_five_examples_are_refused_with_the_number_that_is_needed(places: EvaluationFolders, tmp_path: Path) -> None:
    write_lines(tmp_path / "five", records(*range(5)))

    gate = gate_of(replace(places, test=tmp_path / "five"))

    assert gate["verdict"] == "refused"
    assert gate["message"].startswith("5 test examples tell nothing, and 16 are the fewest that do")


def test_a_loss_that_is_no_number_is_refused(places: EvaluationFolders, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    weights = pack_adapter(places.model, broken)
    tensors = load_file(weights)
    first = next(iter(tensors))
    save_file({**tensors, first: torch.full_like(tensors[first], float("nan"))}, weights)
    pack_adapter(broken, broken, pack_again=True)

    with pytest.raises(TuningError, match="The tuned model's loss on the test examples is nan"):
        gate_of(replace(places, model=broken))
    assert not places.output.exists()


def test_a_figure_that_is_no_number_is_never_written(places: EvaluationFolders) -> None:
    report, lines = evaluation.evaluate(parsed(), places)
    report["slices"][0]["tuned"]["value"] = float("nan")

    with pytest.raises(ValueError, match="not JSON compliant"):
        reporting.write(places.output, report, lines)
    assert not (places.output / "gate.json").exists()


def test_test_records_that_were_trained_on_are_refused_and_named(places: EvaluationFolders, tmp_path: Path) -> None:
    near = record(300)
    near["messages"][0]["content"] = record(9)["messages"][0]["content"] + " now"
    copied = {**record(301), "messages": record(14)["messages"]}
    lines = [*records(*range(100, 110)), json.dumps(copied), json.dumps(near)]
    write_lines(tmp_path / "leaking", lines)

    gate = gate_of(replace(places, train=tmp_path / "leaking"))
    report = json.loads((places.output / "evaluation.json").read_text())

    assert gate["verdict"] == "refused"
    assert "2 test records are in the train split too: " in gate["message"]
    named = {leak["record_id"]: leak["train_record_id"] for leak in report["leak"]["records"]}
    assert named == {record(14)["record_id"]: record(301)["record_id"], record(9)["record_id"]: near["record_id"]}
    assert record(14)["record_id"] in gate["message"]


def test_without_train_nothing_can_be_said_about_a_leak(places: EvaluationFolders, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(TuningError, match="Channel 'train' holds no record"):
        gate_of(replace(places, train=tmp_path / "nothing"))


def test_a_floor_that_copying_the_text_reaches_is_refused(places: EvaluationFolders) -> None:
    assert "A floor of 0.01 lets everything through: " in gate_of(places, minimum_metric="0.01")["message"]


def test_slices_and_general_questions_are_reported_with_their_intervals(places: EvaluationFolders) -> None:
    report, _ = evaluation.evaluate(parsed(), places)

    assert {part["kind"] for part in report["slices"]} == {"length"}
    assert sum(part["examples"] for part in report["slices"]) == 18
    general = report["general"]
    assert general["examples"] >= 40
    for part in (*report["slices"], general):
        assert part["verdict"] in ("kept", "fell", "undecided")
        for model in ("base", "tuned"):
            low, high = part[model]["ci"]
            assert low <= part[model]["value"] <= high
    assert 0 < general["accuracy"]["base"] < 1


def test_the_model_in_use_answers_the_same_examples(places: EvaluationFolders) -> None:
    report, lines = evaluation.evaluate(parsed(), replace(places, champion=places.model))

    assert report["champion"]["loss"] == pytest.approx(report["tuned"]["loss"])
    assert report["champion"]["difference"]["value"] == 0
    assert all(line["champion"] == line["tuned"] for line in lines)
    without, others = evaluation.evaluate(parsed(), places)
    assert without["champion"] == {"note": "no tuned model is in use"}
    assert "champion" not in others[0]


def test_a_model_in_use_of_another_base_is_noted_and_nothing_fails(places: EvaluationFolders, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    weights = pack_adapter(places.model, foreign)
    save_file({name: torch.zeros(3, 3) for name in load_file(weights)}, weights)
    pack_adapter(foreign, foreign, pack_again=True)

    report, _ = evaluation.evaluate(parsed(), replace(places, champion=foreign))

    assert report["champion"]["note"].startswith("the model in use was not measured: ")
