from cdk_app.checks import Assembly
from cdk_app.checks.state_machines.failures import find_unguarded_states
from tests.synth.checks.templates import task, with_state_machine


def problems(checked: Assembly) -> list[str]:
    return [finding.problem for finding in find_unguarded_states(checked)]


def test_a_task_with_timeout_retry_and_catch_passes() -> None:
    assert problems(with_state_machine({"S": task()})) == []


def test_a_task_without_a_timeout_is_reported() -> None:
    assert problems(with_state_machine({"S": task(TimeoutSeconds=None)})) == ["The task may wait for ever."]


def test_a_glue_run_that_glue_stops_by_itself_passes() -> None:
    glue = task("glue:startJobRun.sync", Arguments={"JobName": "j", "Timeout": 60}, TimeoutSeconds=None)
    assert problems(with_state_machine({"S": glue})) == []


def test_a_task_without_retries_is_reported() -> None:
    assert "throttled" in problems(with_state_machine({"S": task(Retry=None)}))[0]


def test_a_task_that_catches_only_some_errors_is_reported() -> None:
    some = [{"ErrorEquals": ["Ssm.ParameterNotFound"], "Next": "Failed"}]
    assert "unexplained" in problems(with_state_machine({"S": task(Catch=some)}))[0]


def test_a_task_in_a_map_may_leave_catching_to_the_map() -> None:
    mapped = task(Type="Map", ItemProcessor={"StartAt": "In", "States": {"In": task(Catch=None)}})
    assert problems(with_state_machine({"Each": mapped})) == []
    del mapped["Catch"]
    assert "unexplained" in problems(with_state_machine({"Each": mapped}))[0]


def test_a_machine_without_a_timeout_is_reported() -> None:
    assert problems(with_state_machine({"S": task()}, TimeoutSeconds=None)) == ["An execution may run for a year."]
