from cdk_app.checks.iam.known_actions import find_unknown_actions
from tests.synth.checks.templates import assembly, with_policy


def test_an_action_of_the_service_passes_in_any_case() -> None:
    checked = with_policy({"Action": ["s3:GetObject", "S3:getobject", "states:Send*"], "Resource": "x"})
    assert list(find_unknown_actions(checked)) == []


def test_an_action_named_after_the_api_is_reported_with_its_place() -> None:
    checked = with_policy({"Action": "bedrock:Converse", "Resource": "x", "Sid": "Ask"})
    [finding] = find_unknown_actions(checked)
    assert "bedrock:Converse" in finding.problem
    assert finding.place == "Stack.template.json Policy (AWS::IAM::Policy) statement Ask"


def test_a_wildcard_that_matches_no_action_is_reported() -> None:
    assert list(find_unknown_actions(with_policy({"Action": "s3:Frobnicate*", "Resource": "x"})))


def test_policies_written_inside_roles_and_managed_policies_are_read_too() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:Nonsense", "Resource": "x"}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert len(list(find_unknown_actions(assembly({"A": role, "B": managed})))) == 2
