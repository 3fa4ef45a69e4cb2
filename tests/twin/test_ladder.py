"""Nine candidates go through the deployed state machine: six real ones, and three whose worth is planted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ladder import task
from benchmarks.ladder.__main__ import planted_truth
from benchmarks.ladder.running import Ladder, ladder

PROJECT = Path(__file__).resolve().parents[2]
RECORDS, SAMPLE, DOCUMENTS = 160, 8, 100


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ladder]:
    with ladder(PROJECT, tmp_path_factory.mktemp("ladder"), RECORDS, SAMPLE, DOCUMENTS) as finished:
        assert finished.outcome.status == "SUCCEEDED", finished.outcome.cause
        yield finished


def test_what_was_planted_comes_out(found: Ladder) -> None:
    assert planted_truth(found) == []


def test_every_candidate_answered_the_same_number_of_records_and_has_its_interval(found: Ladder) -> None:
    assert [one["examples"] for one in found.candidates] == [SAMPLE] * 9
    assert all(one["ci"][0] < one["ci"][1] for one in found.candidates)


def test_every_candidate_has_a_verdict_with_its_reason(found: Ladder) -> None:
    verdicts = found.verdicts
    assert len(verdicts) == 9
    assert all(verdict["words"] for verdict in verdicts.values())
    assert "per 1,000 requests" in verdicts[found.of_import(task.SLOW_ORACLE)["index"]]["words"]


def test_passages_were_found_in_the_documents_by_words_and_by_embeddings(found: Ladder) -> None:
    retrieved = [one["retrieval"] for one in found.candidates if "retrieval" in one]
    assert [one["search"] for one in retrieved] == ["words", "embeddings"]
    assert all(one["passages"] >= DOCUMENTS for one in retrieved)


def test_summaries_are_compared_by_embeddings_too(found: Ladder) -> None:
    assert found.of_import(task.ORACLE)["similarity"]["value"] > 0.99
    assert all(0 < one["similarity"]["value"] <= 1 for one in found.candidates)


def test_what_was_chosen_is_deployed(found: Ladder) -> None:
    assert found.outcome.output["target"]
    assert task.ORACLE in found.outcome.output["target"]
