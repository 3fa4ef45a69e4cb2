"""The catalogue and the check of training data name the same models, and know the same ones to be fine-tuned."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cdk_app.catalogue import BEDROCK_CUSTOMIZABLE, CATALOGUE, ENTRIES, TRAINING_DATA, Entry
from cli.main import app
from pipelines.formats.limits import LIMITS, MODELS, rows_of
from pipelines.formats.outputs import LINE_OUTPUTS


def services(entry: Entry) -> set[str]:
    """Who fine-tunes a model on text."""
    on_text = "text" in entry.reads and "text" in entry.writes
    return {one.service for one in entry.customizations if one.method == "fine-tuning" and on_text}


ON_BEDROCK = {key for key, entry in ENTRIES.items() if "bedrock" in services(entry)}
ANYWHERE = {key for key, entry in ENTRIES.items() if services(entry)}


def test_the_check_has_limits_of_every_model_that_bedrock_fine_tunes_on_text_and_of_no_other() -> None:
    assert set(MODELS) == ON_BEDROCK


def test_the_check_calls_a_model_what_the_catalogue_calls_it() -> None:
    for row in LIMITS:
        entry = ENTRIES[row.key]
        assert row.name in (f"{entry.provider} {entry.name}", entry.name)


def test_a_workflow_can_customize_every_one_of_them_that_it_can_name_in_the_format_that_the_check_knows() -> None:
    assert set(BEDROCK_CUSTOMIZABLE) == set(TRAINING_DATA) == ON_BEDROCK & set(CATALOGUE)
    for key, output in TRAINING_DATA.items():
        assert {row.format for row in rows_of(key)} == {LINE_OUTPUTS[output].format}


@pytest.mark.parametrize("key", ENTRIES)
def test_the_command_takes_exactly_the_models_that_the_catalogue_knows_to_be_fine_tuned(
    tmp_path: Path, key: str
) -> None:
    (tmp_path / "train.jsonl").write_text("{}\n")
    result = CliRunner().invoke(app, ["check-data", str(tmp_path / "train.jsonl"), "--model", key])
    assert result.exit_code == (1 if key in ANYWHERE else 2)
    assert ("`fourfold models --customizable fine-tuning` lists" in result.stderr) is (key not in ANYWHERE)
