"""cdk-nag looks at every resource, finds nothing that is not explained, and does find what is planted."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from cdk_app.constructs.grants import allow, read_objects
from cdk_app.nag import acknowledge, add_checks


def report(cloud_assembly: Path) -> dict[str, object]:
    (found,) = (
        plugin
        for plugin in json.loads((cloud_assembly / "validation-report.json").read_text("utf-8"))["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
    )
    return dict(found)


@pytest.fixture
def app(tmp_path: Path) -> cdk.App:
    return cdk.App(outdir=str(tmp_path / "cdk.out"))


@pytest.fixture
def stack(app: cdk.App) -> cdk.Stack:
    return cdk.Stack(app, "Planted")


def findings(app: cdk.App) -> set[str]:
    """The rules that stop the synthesis of `app`."""
    add_checks(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    violations = report(Path(app.outdir))["violations"]
    assert isinstance(violations, list)
    return {violation["ruleName"] for violation in violations}


def role_in(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def test_no_finding_is_unacknowledged(cloud_assembly: Path) -> None:
    found = report(cloud_assembly)
    assert found["conclusion"] == "success"
    assert found["violations"] == []


def test_every_acknowledgement_has_a_reason(cloud_assembly: Path) -> None:
    suppressed = report(cloud_assembly)["suppressedViolations"]
    assert isinstance(suppressed, list)
    assert suppressed, "the rules looked at nothing"
    for violation in suppressed:
        assert len(violation["reason"]) > 20, violation["ruleName"]


def test_a_public_bucket_stops_the_synthesis(app: cdk.App, stack: cdk.Stack) -> None:
    access = s3.BlockPublicAccess(
        block_public_acls=False, block_public_policy=False, ignore_public_acls=False, restrict_public_buckets=False
    )
    s3.Bucket(stack, "Public", public_read_access=True, block_public_access=access)
    assert {"AwsSolutions-S1", "AwsSolutions-S2", "AwsSolutions-S10"} <= findings(app)


def test_an_acknowledgement_covers_its_own_finding_and_no_other(app: cdk.App, stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    acknowledge(bucket, "S1", "This bucket exists to be found.")
    assert findings(app) == {"AwsSolutions-S10"}


def test_a_permission_written_past_the_helper_is_found(app: cdk.App, stack: cdk.Stack) -> None:
    role = role_in(stack)
    role.add_to_policy(iam.PolicyStatement(actions=["s3:Get*"], resources=["*"]))
    assert findings(app) == {"AwsSolutions-IAM5[Action::s3:Get*]", "AwsSolutions-IAM5[Resource::*]"}


def test_a_pattern_of_another_stacks_bucket_is_acknowledged_by_its_import(app: cdk.App, stack: cdk.Stack) -> None:
    owner = cdk.Stack(app, "Owner")
    key = cdk.aws_kms.Key(owner, "Key", enable_key_rotation=True)
    bucket = s3.Bucket(owner, "Bucket", enforce_ssl=True)
    acknowledge(bucket, "S1", "This bucket exists for one test.")
    read_objects(role_in(stack), bucket, "run=*", key=key)
    add_checks(app)
    app.synth()
    suppressed = report(Path(app.outdir))["suppressedViolations"]
    assert isinstance(suppressed, list)
    assert any("Owner:ExportsOutput" in violation["ruleName"] for violation in suppressed)


def test_a_grant_refuses_action_wildcards(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"name each action of s3:Get\*"):
        allow(role_in(stack), ["s3:Get*"], ["arn:aws:s3:::bucket/*"])


def test_a_grant_on_everything_needs_its_reason(stack: cdk.Stack) -> None:
    role = role_in(stack)
    with pytest.raises(ValueError, match="needs its reason"):
        allow(role, ["ecr:GetAuthorizationToken"], ["*"])
    allow(role, ["ecr:GetAuthorizationToken"], ["*"], reason="It has no resource level.")
