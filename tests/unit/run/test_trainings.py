"""The events of a training that was stopped say from which step it goes on, and how many steps are done again."""

from __future__ import annotations

from typing import Any

from twin.run.news import News, WentOn
from twin.run.trainings import Trainings


def train(done: int, job: str = "first", **figures: Any) -> dict[str, Any]:
    return {
        "kind": "progress",
        "source": "sagemaker.training",
        "id": job,
        "phase": "train",
        "done": done,
        "total": 76,
    } | (figures)


def trained(first: int, last: int, job: str = "first") -> list[dict[str, Any]]:
    """A process that goes on from a step, or begins before the first one, and comes to the last."""
    return [train(first, job), *(train(step, job, loss=2.5) for step in range(first + 1, last + 1))]


def told(*records: dict[str, Any], before: list[dict[str, Any]] | None = None) -> list[News]:
    trainings = Trainings(before or [])
    return [news for record in records if (news := trainings.take(record))]


def test_a_job_that_goes_on_from_a_checkpoint_says_what_the_one_before_it_had_done_since() -> None:
    assert told(*trained(16, 20, "second"), before=trained(0, 19)) == [WentOn(16, 76, again=3)]


def test_a_second_stop_counts_from_the_first_one() -> None:
    records = [*trained(0, 19), *trained(16, 18, "second"), *trained(18, 20, "third")]
    assert told(*records) == [WentOn(16, 76, again=3), WentOn(18, 76, again=0)]


def test_the_same_job_goes_on_after_its_spot_instance_was_lost() -> None:
    assert told(*trained(0, 9), *trained(6, 12)) == [WentOn(6, 76, again=3)]


def test_without_a_checkpoint_all_steps_are_done_again() -> None:
    assert told(*trained(0, 1, "second"), before=trained(0, 4)) == [WentOn(0, 76, again=4)]


def test_where_nothing_tells_how_far_it_had_come_the_step_is_told() -> None:
    assert told(train(16)) == [WentOn(16, 76, again=None)]


def test_a_training_that_begins_says_nothing_nor_does_one_after_another_that_has_ended() -> None:
    ended = {"kind": "finished", "source": "sagemaker.training", "id": "first", "status": "Completed"}
    assert told(*trained(0, 5), ended, *trained(0, 5, "second")) == []


def test_a_job_that_failed_is_gone_on_from() -> None:
    failed = {"kind": "finished", "source": "sagemaker.training", "id": "first", "status": "Failed"}
    assert told(*trained(0, 5), failed, *trained(4, 5, "second")) == [WentOn(4, 76, again=1)]


def test_the_trials_of_a_search_do_not_go_on_from_one_another() -> None:
    search = {"kind": "started", "source": "sagemaker.tuning", "id": "search"}
    assert told(search, *trained(0, 5), *trained(0, 5, "second")) == []
