import pytest

from cdk_app.checks import Assembly
from cdk_app.checks.iam.full_access import find_full_access
from tests.synth.checks.templates import assembly


def role(arn: object) -> Assembly:
    return assembly({"Role": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [arn]}}})


def test_a_narrow_managed_policy_passes() -> None:
    assert list(find_full_access(role("arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"))) == []


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::aws:policy/AdministratorAccess",
        {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/AmazonSageMakerFullAccess"]]},
    ],
)
def test_a_policy_that_grants_a_service_in_full_is_reported(arn: object) -> None:
    assert [finding.check for finding in find_full_access(role(arn))] == ["iam-full-access"]
