"""Flaws of the settings file do not keep what else is wrong from being told: with the data, and with this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cdk_app.settings import examine_settings
from twin.run.data_files import find_data_files
from twin.run.preflight import Given, RunRefused, check

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow.yaml"
GOOD = b'{"documentation": "a text", "summary": "its summary"}\n'
ENOUGH = GOOD * 300


def write(folder: Path, content: bytes) -> Path:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    return path


def refusal(file: Path, data: Path) -> str:
    examined, files = examine_settings(file, "twin"), find_data_files("--data", [data])
    with pytest.raises(RunRefused) as refused:
        check(Given(examined.subject.settings, file, files, None, {}, examined.problems, examined.subject.invalid))
    return str(refused.value)


def test_flaws_of_the_settings_are_told_together_with_what_does_not_depend_on_them(tmp_path: Path) -> None:
    document = yaml.safe_load(WORKFLOW.read_text())
    document["task"]["kind"] = "classification"
    document["tuning"]["ranks"] = 8
    document["environments"]["twin"]["selection"]["candidates"] = [{"model": "nova-micro"}, {"model": "gpt"}, 7]
    document["environments"]["twin"]["analytics"] = {"redshift": True}
    file = tmp_path / "workflow.yaml"
    file.write_text(yaml.safe_dump(document))
    data = write(tmp_path, b'{"body": "a", "headline": "b"}\n')

    told = refusal(file, data)

    for words in (
        "tuning.ranks: unknown key",
        "data.filters.min_target_words: the target of classification may be one word",
        "environments.twin.selection.candidates[0]: nova-micro does not answer on this machine",
        "environments.twin.selection.candidates[1].model: `gpt` is not in the model catalogue",
        "environments.twin.selection.candidates[2]: `7` is not a section",
        "environments.twin.analytics.redshift: Redshift does not run on this machine",
        "data.jsonl has no record with both the columns 'documentation' and 'summary'; it has 'body', 'headline'",
    ):
        assert words in told


def test_records_are_counted_whatever_else_is_wrong_with_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yaml"
    file.write_text(WORKFLOW.read_text().replace("approval: manual", "approval: perhaps"))

    told = refusal(file, write(tmp_path, GOOD * 66))

    assert "approval: `perhaps` is not allowed" in told
    assert "has no more than 66 records" in told
    assert "data.split.test: of 66 records at most, about 7 are for test" in told


@pytest.mark.parametrize("section", ["task", "data", "selection", "tuning", "analytics", "serving"])
@pytest.mark.parametrize("value", [None, 7, [], {}, "a text", {"no": "such key"}])
def test_no_flaw_of_the_settings_keeps_the_others_from_being_told(tmp_path: Path, section: str, value: object) -> None:
    document = yaml.safe_load(WORKFLOW.read_text())
    document["environments"]["twin"][section] = value
    document["environments"]["twin"]["approval"] = "perhaps"
    file = tmp_path / "workflow.yaml"
    file.write_text(yaml.safe_dump(document))
    assert "approval: `perhaps` is not allowed" in refusal(file, write(tmp_path, ENOUGH))

    flat = dict.fromkeys(("columns", "split", "near_duplicates", "candidates", "bedrock", "embeddings"), value)
    document["environments"]["twin"] |= {"data": flat, "selection": flat, "tuning": flat, "approval": "perhaps"}
    file.write_text(yaml.safe_dump(document))
    assert "approval: `perhaps` is not allowed" in refusal(file, write(tmp_path, ENOUGH))
