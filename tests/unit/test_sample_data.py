"""The sample data out of botocore."""

import json
from pathlib import Path

import pytest

from twin.sample_data import split_first_sentence, write_sample


def test_the_whole_sample_has_thousands_of_records_with_their_junk(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    path = tmp_path / "folder" / "sample.jsonl"
    written = write_sample(path, progress=lambda done, total: calls.append((done, total)))
    records = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    assert written == len(records) >= 5_000
    assert all(list(record) == ["service", "operation", "documentation", "summary"] for record in records)
    assert all(record["summary"] and "<p>" not in record["summary"] for record in records)
    assert len({record["service"] for record in records}) > 300
    assert sum("</p>" in record["documentation"] for record in records) > len(records) / 2
    assert sum(len(record["documentation"].split()) < 10 for record in records) > 100
    assert len({record["documentation"] for record in records}) < len(records)
    assert calls[0][0] == 1
    assert calls[-1][0] == calls[-1][1] == len(calls)


def test_a_small_sample_is_the_beginning_of_the_same_order(tmp_path: Path) -> None:
    assert write_sample(tmp_path / "30.jsonl", limit=30) == 30
    assert write_sample(tmp_path / "10.jsonl", limit=10) == 10
    assert (tmp_path / "30.jsonl").read_bytes().startswith((tmp_path / "10.jsonl").read_bytes())


def test_the_seed_draws_the_order(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sample(tmp_path / name, limit=10, seed=seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.parametrize(
    ("documentation", "parts"),
    [
        ("<p>Deletes a <code>Thing</code>. You must own it.</p>", ("Deletes a Thing.", "You must own it.</p>")),
        ("<p>Copies A &amp; B.</p> <p>More.</p>", ("Copies A & B.", "<p>More.</p>")),
        ("<p>Takes e.g. 3.5 units, etc. of it. More.</p>", ("Takes e.g. 3.5 units, etc. of it.", "More.</p>")),
    ],
)
def test_documentation_is_split_behind_its_first_sentence(documentation: str, parts: tuple[str, str]) -> None:
    assert split_first_sentence(documentation) == parts


@pytest.mark.parametrize("documentation", ["", "<p>Only one sentence.</p>", "<p>No end</p>", "<p>One.</p><p> </p>"])
def test_documentation_of_one_sentence_makes_no_record(documentation: str) -> None:
    assert split_first_sentence(documentation) is None
