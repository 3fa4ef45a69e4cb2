"""The state machine's own comments say which step a state belongs to."""

import pytest

from twin.run.execution import progress_of, step_of_state


def test_states_are_found_by_their_comment_also_inside_maps_and_branches() -> None:
    definition = {
        "States": {
            "Start": {"Comment": "PrepareData: clean the raw records"},
            "Each": {
                "Comment": "EvaluateCandidates: all on one sample",
                "ItemProcessor": {"States": {"One": {"Comment": "EvaluateCandidates: one candidate"}}},
            },
            "Both": {"Branches": [{"States": {"Left": {"Comment": "Deploy: left"}}}]},
            "Plain": {"Comment": "Nothing the user follows"},
        }
    }

    assert step_of_state(definition) == {
        "Start": "PrepareData",
        "Each": "EvaluateCandidates",
        "One": "EvaluateCandidates",
        "Left": "Deploy",
    }


def test_a_progress_line_keeps_its_figures_for_whoever_waits() -> None:
    progress = progress_of(
        {
            "kind": "progress",
            "id": "job",
            "phase": "train",
            "done": 3,
            "total": 8,
            "unit": "batches",
            "loss": 2.9134,
        }
    )

    assert (progress.phase, progress.done, progress.total, progress.note) == ("train", 3.0, 8.0, "loss 2.91")


@pytest.mark.parametrize("record", [{}, {"phase": None, "done": None}])
def test_a_progress_line_without_counts_is_shown_without_a_bar(record: dict[str, object]) -> None:
    assert progress_of(record).total == 0
