"""What cannot end well here is refused before anything begins, with its remedy."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import Settings, load_settings
from pipelines.preparation.chunks import is_json_lines
from twin.run.preflight import RunRefused, check, is_read
from twin.sample_data import COLUMNS, write_sample

PROJECT = Path(__file__).resolve().parents[3]
GOOD = b'{"documentation": "a text", "summary": "its summary", "more": 1}\n'


@pytest.fixture
def settings() -> Settings:
    return load_settings(PROJECT / "workflow.yaml", "twin")


def changed(folder: Path, **twin: Any) -> Settings:
    """Load the project's settings with other ones for the twin."""
    document = yaml.safe_load((PROJECT / "workflow.yaml").read_text())
    document["environments"]["twin"] |= twin
    file = folder / "workflow.yaml"
    file.write_text(yaml.safe_dump(document))
    return load_settings(file, "twin")


def problems(settings: Settings, data: Path | None) -> list[str]:
    with pytest.raises(RunRefused) as refused:
        check(settings, data)
    return str(refused.value).splitlines()


def write(folder: Path, content: bytes, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_project_s_own_settings_run_on_the_sample_data(settings: Settings) -> None:
    check(settings, None)


def test_the_sample_has_the_columns_that_it_is_said_to_have(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample.jsonl", limit=1)
    assert tuple(json.loads((tmp_path / "sample.jsonl").read_text())) == COLUMNS


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"not json\n\n[1]\n" + GOOD,
        b'{"other": 1}\n' * 2000 + GOOD,
        b'{"documentation": "' + b"x" * 5_000_000 + b'"}\n' + GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.rstrip(),
    ],
    ids=["good", "broken lines first", "other records first", "a long line first", "byte order mark", "no line end"],
)
def test_one_record_with_both_columns_anywhere_in_the_file_is_enough(
    settings: Settings, tmp_path: Path, content: bytes
) -> None:
    check(settings, write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"text,summary\na,b\n", "no line with a JSON object"),
        (b'[{"documentation": "a", "summary": "b"}]', "no list around them"),
        (b'{"body": "a", "headline": "b"}\n', "'documentation' and 'summary'; it has 'body', 'headline'"),
        (b'{"documentation": "a"}\n{"summary": "b"}\n', "no record with both"),
    ],
)
def test_a_file_without_such_a_record_is_refused_with_what_it_has(
    settings: Settings, tmp_path: Path, content: bytes, words: str
) -> None:
    found = problems(settings, write(tmp_path, content))
    assert len(found) == 1
    assert words in found[0]


def test_the_record_that_a_too_long_line_ends_in_does_not_count(settings: Settings, tmp_path: Path) -> None:
    limit = settings.data.max_record_bytes
    long_line = b" " * (limit + 2) + GOOD
    assert "is empty" not in problems(settings, write(tmp_path, b"{}\n" + long_line))[0]


def test_of_many_columns_a_few_are_named(settings: Settings, tmp_path: Path) -> None:
    record = {f"column-{number}": "" for number in range(40)}
    assert "and 28 more" in problems(settings, write(tmp_path, json.dumps(record).encode()))[0]


def test_a_gzipped_file_is_read_and_a_broken_one_is_named(settings: Settings, tmp_path: Path) -> None:
    whole = gzip.compress(GOOD * 100)
    check(settings, write(tmp_path, whole, "data.jsonl.gz"))
    assert "cannot be read" in problems(settings, write(tmp_path, whole[:20], "data.jsonl.gz"))[0]
    assert "cannot be read" in problems(settings, write(tmp_path, GOOD, "data.jsonl.gz"))[0]


@given(st.text("aJ.zg/ ", max_size=6), st.sampled_from(["", ".gz", ".jsonl", ".json", ".JSONL.GZ", ".json.gz", ".csv"]))
def test_a_name_is_accepted_exactly_where_the_preparation_reads_it(stem: str, ending: str) -> None:
    name = Path(f"x{stem}{ending}").name
    assert is_read(name) == is_json_lines(f"data-set/{name}")


def test_a_file_that_the_preparation_would_leave_aside_is_refused(settings: Settings, tmp_path: Path) -> None:
    assert "reads .jsonl and .json" in problems(settings, write(tmp_path, GOOD, "data.csv"))[0]


def test_columns_of_one_s_own_without_a_file_are_refused(tmp_path: Path) -> None:
    settings = changed(tmp_path, data={"columns": {"text": "body", "target": "summary"}})
    found = problems(settings, None)
    assert len(found) == 1
    assert "no column 'body'" in found[0]
    assert "--data" in found[0]


def test_every_candidate_that_does_not_answer_here_is_named_beside_what_is_wrong_with_the_data(tmp_path: Path) -> None:
    candidates = [
        {"model": "extractive-lead", "strategy": "extractive"},
        {"model": "nova-micro"},
        {"model": "smollm2-135m-instruct", "imported_model_id": "a1b2c3d4e5f6"},
        {"model": "smollm2-135m-instruct", "imported_model_id": "minilml6v2q1"},
    ]
    settings = changed(tmp_path, selection={"candidates": candidates, "floor": 0.2})

    found = problems(settings, write(tmp_path, b""))

    assert [line.partition(":")[0] for line in found[:3]] == [f"selection.candidates[{index}]" for index in (1, 2, 3)]
    assert all("imported_model_id smollm2q41v1" in line for line in found[:3])
    assert "is empty" in found[3]


def test_a_warehouse_that_does_not_run_here_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (found,) = problems(changed(tmp_path, analytics={"redshift": True}), None)
    assert found.startswith("analytics.redshift: Redshift does not run on this machine.")
    assert "environments.twin" in found
