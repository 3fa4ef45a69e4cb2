"""Rules on the machines that train."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.settings.rules.rule import Breach, Subject, rule


@rule("tuning.spot", "tuning.keep_alive_minutes")
def a_warm_pool_has_no_spot_instances(subject: Subject) -> Iterator[Breach]:
    """SageMaker keeps no spot instance."""
    tuning = subject.settings.tuning
    if tuning.spot and tuning.keep_alive_minutes:
        message = "SageMaker keeps no spot instances ready for the next job"
        yield Breach(("tuning", "keep_alive_minutes"), message, "Set it to 0, or `tuning.spot` to false.")


@rule("tuning.spot", "tuning.max_wait_minutes", "tuning.max_runtime_minutes")
def waiting_for_spot_instances_includes_running(subject: Subject) -> Iterator[Breach]:
    """MaxWaitTimeInSeconds is the time of waiting and running together, and belongs to spot instances."""
    tuning = subject.settings.tuning
    path = ("tuning", "max_wait_minutes")
    if tuning.max_wait_minutes is None:
        return
    if not tuning.spot:
        yield Breach(path, "nothing is waited for without spot instances", "Leave it out, or set `tuning.spot: true`.")
    elif tuning.max_wait_minutes < tuning.max_runtime_minutes:
        message = f"it includes the {tuning.max_runtime_minutes} minutes that the job itself may run"
        yield Breach(path, message, "Make it at least `tuning.max_runtime_minutes`.")
