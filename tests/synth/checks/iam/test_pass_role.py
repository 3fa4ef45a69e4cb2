from cdk_app.checks import Assembly
from cdk_app.checks.iam.pass_role import find_open_pass_role
from tests.synth.checks.templates import ROLE, assembly, policy

TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def passing(target: object, condition: object = TO_SAGEMAKER) -> Assembly:
    statement = {"Action": "iam:PassRole", "Resource": target, "Condition": condition}
    return assembly({"Role": ROLE, "JobRole": ROLE, "Policy": policy(statement)})


def test_a_role_of_the_application_for_one_service_passes() -> None:
    assert list(find_open_pass_role(passing({"Fn::GetAtt": ["JobRole", "Arn"]}))) == []


def test_a_role_of_another_stack_passes() -> None:
    other = {
        "Resources": {"JobRole": ROLE},
        "Outputs": {"Out": {"Value": {"Fn::GetAtt": ["JobRole", "Arn"]}, "Export": {"Name": "Other:JobRole"}}},
    }
    checked = passing({"Fn::ImportValue": "Other:JobRole"})
    assert list(find_open_pass_role(Assembly({**checked.templates, "Other": other}))) == []


def test_any_role_of_the_account_is_reported() -> None:
    [finding] = find_open_pass_role(passing("arn:aws:iam::111122223333:role/*"))
    assert "no role of this application" in finding.problem


def test_any_service_is_reported() -> None:
    [finding] = find_open_pass_role(passing({"Fn::GetAtt": ["JobRole", "Arn"]}, {}))
    assert "any service" in finding.problem


def test_a_wildcard_that_covers_passing_roles_counts() -> None:
    checked = assembly({"Role": ROLE, "Policy": policy({"Action": "iam:*", "Resource": "*"})})
    assert len(list(find_open_pass_role(checked))) == 2
