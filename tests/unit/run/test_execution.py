"""The state machine's own comments say which step a state belongs to."""

from typing import Any

from twin.run.execution import candidates_at_once, step_of_state

DEFINITION: dict[str, Any] = {
    "States": {
        "Start": {"Comment": "PrepareData: clean the raw records"},
        "Each": {
            "Comment": "EvaluateCandidates: all on one sample",
            "MaxConcurrency": 2,
            "ItemProcessor": {"States": {"One": {"Comment": "EvaluateCandidates: one candidate"}}},
        },
        "Both": {"Branches": [{"States": {"Left": {"Comment": "Deploy: left"}}}]},
        "Plain": {"Comment": "Nothing the user follows"},
    }
}


def test_states_are_found_by_their_comment_also_inside_maps_and_branches() -> None:
    assert step_of_state(DEFINITION) == {
        "Start": "PrepareData",
        "Each": "EvaluateCandidates",
        "One": "EvaluateCandidates",
        "Left": "Deploy",
    }


def test_how_many_candidates_run_at_once_is_what_the_definition_says() -> None:
    assert candidates_at_once(DEFINITION) == 2
    assert candidates_at_once({"States": {}}) == 0
