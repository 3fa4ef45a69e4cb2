"""What cannot end well here is refused before anything begins, with its remedy."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import Settings, load_settings
from pipelines.preparation.reading.files import kind_of
from twin.run.data_file import format_of
from twin.run.data_files import DataFiles, find_data_files
from twin.run.preflight import Given, RunRefused, check
from twin.sagemaker.jobs.nodes import MOST
from twin.sample_data import COLUMNS, write_sample

PROJECT = Path(__file__).resolve().parents[3]
WORKFLOW = PROJECT / "workflow.yaml"
GOOD = b'{"documentation": "a text", "summary": "its summary", "more": 1}\n'
ENOUGH = GOOD * 300


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


def problems(
    settings: Settings, data: Path | None, overrides: dict[str, Any] | None = None, workflow: Path = WORKFLOW
) -> list[str]:
    with pytest.raises(RunRefused) as refused:
        check(Given(settings, workflow, own(data) if data else None, None, overrides or {}))
    return str(refused.value).splitlines()


def own(*paths: Path) -> DataFiles:
    return find_data_files("--data", paths)


def write(folder: Path, content: bytes, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_project_s_own_settings_run_on_the_sample_data(settings: Settings) -> None:
    check(Given(settings, WORKFLOW))


def test_the_sample_has_the_columns_that_it_is_said_to_have(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample.jsonl", limit=1)
    assert tuple(json.loads((tmp_path / "sample.jsonl").read_text())) == COLUMNS


@pytest.mark.parametrize(
    "content",
    [
        ENOUGH,
        b"not json\n\n[1]\n" + ENOUGH,
        b'{"other": 1}\n' * 2000 + ENOUGH,
        b'{"documentation": "' + b"x" * 5_000_000 + b'"}\n' + ENOUGH,
        b"\xef\xbb\xbf" + ENOUGH,
        ENOUGH.rstrip(),
    ],
    ids=["good", "broken lines first", "other records first", "a long line first", "byte order mark", "no line end"],
)
def test_enough_records_with_both_columns_anywhere_in_the_file_will_do(
    settings: Settings, tmp_path: Path, content: bytes
) -> None:
    check(Given(settings, WORKFLOW, own(write(tmp_path, content))))


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
    whole = gzip.compress(ENOUGH)
    check(Given(settings, WORKFLOW, own(write(tmp_path, whole, "data.jsonl.gz"))))
    assert "cannot be read" in problems(settings, write(tmp_path, whole[:20], "data.jsonl.gz"))[0]
    assert "cannot be read" in problems(settings, write(tmp_path, GOOD, "data.jsonl.gz"))[0]


def test_a_compressed_file_that_is_cut_off_behind_enough_records_is_named(settings: Settings, tmp_path: Path) -> None:
    numbered = b"".join(GOOD.replace(b"1}", b"%d}" % number) for number in range(20_000))
    gzipped = gzip.compress(numbered)
    zstd = pa.compress(numbered, codec="zstd", asbytes=True)

    for whole, name in ((gzipped, "data.jsonl.gz"), (zstd, "data.jsonl.zst")):
        assert "cannot be read: " in problems(settings, write(tmp_path, whole[: len(whole) // 2], name))[0]


def records_needed(number: int) -> dict[str, Any]:
    return {"data": {"minimum_records": number}}


@pytest.mark.parametrize(
    ("name", "content", "overrides", "words"),
    [
        ("data.jsonl", ENOUGH + b"not json\n{}\n", records_needed(301), "has no more than 300 records with both the"),
        ("data.jsonl", ENOUGH, records_needed(301), "data.minimum_records asks for 301"),
        ("data.jsonl", ENOUGH, {"data.minimum_records": 302}, "data.minimum_records asks for 302"),
        ("data.csv", b"documentation,summary\n" + b"a,b\n\n" * 299, records_needed(300), "no more than 299 records"),
    ],
)
def test_fewer_records_than_the_run_needs_are_refused(
    settings: Settings, tmp_path: Path, name: str, content: bytes, overrides: dict[str, Any], words: str
) -> None:
    [found] = problems(settings, write(tmp_path, content, name), overrides)
    assert words in found


@pytest.mark.parametrize("override", [{"data": {"base_run": "latest"}}, {"data.base_run": "r1"}])
def test_an_override_that_adds_to_an_earlier_run_is_refused_since_there_is_none(
    settings: Settings, tmp_path: Path, override: dict[str, Any]
) -> None:
    [found] = problems(settings, write(tmp_path, ENOUGH), override)
    assert found.startswith("--override data.base_run: a run on this machine begins on an empty account")
    assert "Give all files to one run, with --data" in found


def test_settings_that_add_to_an_earlier_run_are_refused_unless_the_run_overrides_them(tmp_path: Path) -> None:
    settings = changed(tmp_path, data={"base_run": "latest"})
    file, data = tmp_path / "workflow.yaml", write(tmp_path, ENOUGH)

    [found] = problems(settings, data, workflow=file)
    assert found.startswith(f"{file}:")
    assert "environments.twin.data.base_run: a run on this machine" in found
    assert 'Write `base_run: ""` under environments.twin.data' in found
    check(Given(settings, file, own(data), None, {"data": {"base_run": ""}}))


def test_a_test_set_that_the_settings_name_needs_its_files(tmp_path: Path) -> None:
    settings = changed(tmp_path, data={"evaluation_set": "held-out"})
    file = tmp_path / "workflow.yaml"
    data, tests = write(tmp_path, ENOUGH), write(tmp_path, GOOD * 16, "test.jsonl")
    test = find_data_files("--evaluation-data", [tests])

    [found] = problems(settings, data, workflow=file)
    assert "data.evaluation_set: no file is given for the test set held-out" in found
    assert "with --evaluation-data" in found
    check(Given(settings, file, own(data), test))
    check(Given(settings, file, None, test))
    with pytest.raises(RunRefused, match="held-out is the test set"):
        check(Given(settings, file, own(data), test, {"dataset": "held-out"}))


def test_files_of_a_test_set_that_no_setting_names_are_refused_with_the_line_to_add(
    settings: Settings, tmp_path: Path
) -> None:
    test = find_data_files("--evaluation-data", [write(tmp_path, GOOD, "test.jsonl")])
    with pytest.raises(RunRefused) as refused:
        check(Given(settings, WORKFLOW, None, test))
    assert str(refused.value) == (
        "--evaluation-data: the settings name no test set. "
        f"Add to {WORKFLOW}, under data: evaluation_set: aws-api-documentation-test"
    )


def test_a_test_set_without_a_usable_record_is_refused_and_its_records_count_with_the_others(tmp_path: Path) -> None:
    settings = changed(tmp_path, data={"evaluation_set": "held-out", "minimum_records": 400})
    file, data = tmp_path / "workflow.yaml", write(tmp_path, GOOD * 360)

    def checked(content: bytes) -> None:
        test = find_data_files("--evaluation-data", [write(tmp_path, content, "test.jsonl")])
        check(Given(settings, file, own(data), test))

    checked(GOOD * 40)
    with pytest.raises(RunRefused, match="All 2 files together have no more than 399 records"):
        checked(GOOD * 39)
    with pytest.raises(RunRefused, match=r"test\.jsonl has no record with both the columns"):
        checked(b'{}\n{"text": ""}\n')
    with pytest.raises(RunRefused, match=r"test\.jsonl is empty"):
        checked(b"")


def test_an_override_that_the_first_state_would_refuse_is_refused_beside_what_is_wrong_with_the_data(
    settings: Settings, tmp_path: Path
) -> None:
    overrides = {"tuning": {"epochs": 21, "epoch": 2}, "data": {"minimum_records": "many"}}

    found = problems(settings, write(tmp_path, b""), overrides)

    assert [line.partition(": ")[0] for line in found[:3]] == [
        "--override tuning.epochs",
        "--override tuning.epoch",
        "--override data.minimum_records",
    ]
    assert "is empty" in found[3]


@given(
    st.text("aJ.zg/ ", max_size=6),
    st.sampled_from(
        ["", ".gz", ".jsonl", ".JSONL.GZ", ".json.zst", ".csv", ".tsv.gz", ".parquet", ".parquet.gz", ".md"]
    ),
)
def test_a_name_is_accepted_exactly_where_the_preparation_reads_labelled_records(stem: str, ending: str) -> None:
    name = Path(f"x{stem}{ending}").name
    kind = kind_of(f"data-set/{name}")
    assert (format_of(name) is not None) == (kind is not None and kind.format != "text")


@pytest.mark.parametrize("name", ["data.txt", "data.xlsx", "data"])
def test_a_file_that_the_preparation_would_leave_aside_is_refused(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    assert "the preparation reads .jsonl" in problems(settings, write(tmp_path, GOOD, name))[0]


def parquet(columns: dict[str, list[str]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("data.csv", b"id;documentation;summary\n" + b"1;a;b\n" * 100, None),
        ("data.csv", b"body,headline\na,b\n", "no record with both the columns 'documentation' and 'summary'"),
        ("data.csv", b"documentation,summary\n", "is empty"),
        ("data.csv", "documentation,summary\na,b\n".encode("utf-16"), "cannot be read"),
        ("data.csv", b'id,"documentation\n",summary\n' + b"1,a,b\n" * 100, None),
        ("data.csv", b'id,"notes, of\r\nall kinds",documentation,summary\r\n' + b"1,x,a,b\r\n" * 100, None),
        ("data.csv", b'a;b,"doc|umentation",documentation,summary\n' + b"1,x,a,b\n" * 100, None),
        ("data.csv", b"\ndocumentation,summary\na,b\n", "has a blank first line, where the names of the columns"),
        ("data.csv", b'documentation,"sum"mary\na,b\n', "cannot be read: ',' expected after"),
        ("data.csv", b'documentation,"summary\n' + b"a,b\n" * 300_000, "its first row goes on for more than"),
        ("data.csv.gz", gzip.compress(b"documentation,summary\n" + b"a,b\n" * 100, mtime=0), None),
        ("data.parquet", parquet({"documentation": ["a"] * 100, "summary": ["b"] * 100}), None),
        ("data.parquet", parquet({"body": ["a"]}), "it has 'body'"),
        ("data.parquet", b"no parquet", "cannot be read"),
        ("data.parquet", parquet({"documentation": [], "summary": []}), "is empty"),
    ],
)
def test_tables_are_looked_into_as_well(
    settings: Settings, tmp_path: Path, name: str, content: bytes, problem: str | None
) -> None:
    path = write(tmp_path, content, name)
    if problem:
        assert problem in problems(settings, path)[0]
    else:
        check(Given(settings, WORKFLOW, own(path)))


def test_columns_of_one_s_own_without_a_file_are_refused(tmp_path: Path) -> None:
    settings = changed(tmp_path, data={"columns": {"text": "body", "target": "summary"}})
    found = problems(settings, None, workflow=tmp_path / "workflow.yaml")
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

    file = tmp_path / "workflow.yaml"
    found = problems(settings, write(tmp_path, b""), workflow=file)

    assert len(found) == 4
    line = int(found[0].removeprefix(f"{file}:").partition(":")[0])
    assert file.read_text().splitlines()[line - 1].strip() == "- model: nova-micro"
    assert [problem.split(": ")[1] for problem in found[:3]] == [
        f"environments.twin.selection.candidates[{index}]" for index in (1, 2, 3)
    ]
    assert all("imported_model_id smollm2q41v1" in line for line in found[:3])
    assert "is empty" in found[3]


def test_where_labels_are_wanted_the_baseline_is_not_offered(tmp_path: Path) -> None:
    wanted = {"candidates": [{"model": "nova-micro"}], "floor": 0.2, "metric": "accuracy"}
    document = yaml.safe_load(WORKFLOW.read_text())
    document["task"]["kind"], document["data"]["filters"] = "classification", {"min_target_words": 1}
    document["selection"] |= wanted
    document["environments"]["twin"]["selection"] = {}
    file = tmp_path / "workflow.yaml"
    file.write_text(yaml.safe_dump(document))

    [found] = problems(load_settings(file, "twin"), None, workflow=file)
    assert "Under environments.twin, name smollm2-135m-instruct with imported_model_id smollm2q41v1." in found


def test_files_that_are_no_use_are_no_reason_to_look_into_the_others_later(settings: Settings, tmp_path: Path) -> None:
    other = write(tmp_path, b'{"body": "a"}\n', "other.jsonl")
    with pytest.raises(RunRefused) as refused:
        check(Given(settings, WORKFLOW, own(tmp_path / "none.jsonl", write(tmp_path, GOOD, "data.xlsx"), other)))

    missing, unread, columns = str(refused.value).splitlines()
    assert "There is no file" in missing
    assert "data.xlsx: the preparation reads" in unread
    assert f"{other} has no record with both the columns" in columns


def test_a_warehouse_that_does_not_run_here_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yaml"
    (found,) = problems(changed(tmp_path, analytics={"redshift": True}), None, workflow=file)
    assert found.startswith(f"{file}:")
    assert ": environments.twin.analytics.redshift: Redshift does not run on this machine. Set it to false" in found


def test_a_llama_server_that_is_not_there_is_named_before_the_last_run_is_forgotten(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURFOLD_LLAMA_SERVER", "/nowhere/llama-server")
    [problem] = problems(settings, None)
    assert "'/nowhere/llama-server', and there is no such program" in problem


def test_more_training_instances_than_there_are_machines_here_are_refused_before_anything_begins(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "workflow.yaml"
    (found,) = problems(changed(tmp_path, tuning={"instances": MOST + 1}), None, workflow=file)
    assert found.startswith(f"{file}:")
    assert f": environments.twin.tuning.instances: {MOST + 1} machines are more than the {MOST}" in found

    (found,) = problems(settings, None, {"tuning": {"instances": MOST + 1}})
    assert found.startswith("--override tuning.instances: ")
    check(Given(settings, WORKFLOW, None, None, {"tuning.instances": MOST}))


def test_where_nothing_is_trained_the_number_of_instances_does_not_matter(tmp_path: Path) -> None:
    check(Given(changed(tmp_path, tuning={"enabled": False, "instances": MOST + 1}), WORKFLOW))
