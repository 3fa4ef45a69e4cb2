"""The four steps stand at the top, each with how it ended and the one figure to remember."""

from __future__ import annotations

from typing import Any

from tests.unit.report.conftest import step
from twin.report.phases import PHASES, phases
from twin.run.execution import STEPS


def test_every_step_of_the_workflow_belongs_to_one_of_the_four() -> None:
    assert [name for members in PHASES.values() for name in members] == list(STEPS)


def test_each_phase_has_its_figure(whole: dict[str, Any]) -> None:
    assert [(p.name, p.status, p.figure) for p in phases(whole)] == [
        ("prepare", "done", "8"),
        ("select", "done", "0.250"),
        ("tune", "done", "0.100 → 0.500"),
        ("deploy", "done", "40 ms"),
    ]


def test_a_chosen_candidate_is_named_with_its_own_figure(whole: dict[str, Any]) -> None:
    whole["selection"]["chosen"] = whole["selection"]["candidates"][0]

    select = phases(whole)[1]

    assert (select.figure, select.caption) == ("0.200", "rougeL, m (zero-shot) will do")


def test_without_an_evaluation_the_loss_is_the_figure_of_tuning(whole: dict[str, Any]) -> None:
    assert phases(whole | {"evaluation": None})[2].figure == "4.00 → 2.80"


def test_what_failed_and_what_never_ran_say_so(early_end: dict[str, Any]) -> None:
    early_end["steps"].append(step("EvaluateCandidates", "SKIPPED", 0.0))

    assert [(p.status, p.caption) for p in phases(early_end)] == [
        ("failed", "failed"),
        ("skipped", "did not run"),
        ("skipped", "did not run"),
        ("skipped", "did not run"),
    ]


def test_the_wait_for_a_person_is_no_time_of_the_deployment(whole: dict[str, Any]) -> None:
    whole["steps"].append(step("AwaitApproval", "SUCCEEDED", 140.0))

    assert phases(whole)[3].wall_s == 3.2
