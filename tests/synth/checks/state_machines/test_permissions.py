from cdk_app.checks.state_machines.permissions import find_missing_permissions
from tests.synth.checks.templates import task, with_state_machine

PUT = {"Action": "ssm:PutParameter", "Resource": "x"}
GLUE = task("glue:startJobRun.sync", Arguments={"JobName": "j"})


def test_a_role_with_the_action_passes() -> None:
    assert list(find_missing_permissions(with_state_machine({"S": task()}, statements=[PUT]))) == []


def test_an_action_that_no_statement_allows_is_reported() -> None:
    other = {"Action": "ssm:GetParameter", "Resource": "x"}
    [finding] = find_missing_permissions(with_state_machine({"S": task()}, statements=[other]))
    assert "ssm:PutParameter" in finding.problem


def test_a_denial_grants_nothing() -> None:
    denied = {**PUT, "Effect": "Deny"}
    assert list(find_missing_permissions(with_state_machine({"S": task()}, statements=[denied])))


def test_following_a_job_needs_more_than_starting_it() -> None:
    start = {"Action": "glue:StartJobRun", "Resource": "x"}
    findings = find_missing_permissions(with_state_machine({"S": GLUE}, statements=[start]))
    assert ["glue:GetJobRun" in f.problem or "glue:BatchStopJobRun" in f.problem for f in findings] == [True, True]


def test_services_go_by_their_iam_prefix() -> None:
    statements = [
        {"Action": ["states:SendTaskSuccess", "lambda:InvokeFunction"], "Resource": "x"},
    ]
    states = {
        "Send": task("aws-sdk:sfn:sendTaskSuccess", End=None, Next="Call"),
        "Call": task("lambda:invoke.waitForTaskToken"),
    }
    assert list(find_missing_permissions(with_state_machine(states, statements=statements))) == []
