"""Destroying leaves what is kept on purpose, and says what that is. This comes last: see `conftest.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.inventory import inventory
from twin.emulator import Emulator
from twin.run import session
from twin.run.board import Progress
from twin.run.teardown import TornDown, stacks, tear_down

Found = set[tuple[str, str]]
TOOLKIT = "CDKToolkit"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
# What a small run leaves, whichever test ran it: destroying must have something to remove.
EXPECTED_BEFORE = {
    "apigateway items", "budgets Budgets", "cloudformation Exports", "cloudwatch DashboardEntries",
    "cloudwatch MetricAlarms", "glue DatabaseList", "glue Jobs", "glue SecurityConfigurations", "glue TableList",
    "iam Policies", "kms Aliases", "kms Keys", "lambda Functions", "logs logGroups", "s3 Versions",
    "sagemaker ModelPackageSummaryList", "sagemaker PipelineSummaries", "sns Topics", "ssm Parameters",
    "stepfunctions stateMachines",
}  # fmt: skip


def of_the_account(emulator: Emulator, found: Found) -> Found:
    """What `cdk bootstrap` made, with the assets that deployments put into its bucket."""
    client = emulator.client("cloudformation")
    resources = client.describe_stack_resources(StackName=TOOLKIT)["StackResources"]
    (stack,) = client.describe_stacks(StackName=TOOLKIT)["Stacks"]
    exports = {output["ExportName"] for output in stack["Outputs"] if "ExportName" in output}
    names = {TOOLKIT, *exports, *(resource["PhysicalResourceId"] for resource in resources)}
    return {(kind, name) for kind, name in found if name in names or name.split("/")[0] in names}


@pytest.fixture(scope="module")
def before(deployed: Deployed) -> Found:
    """What there is before; a model package and a log group among it, also where no test has run the workflow."""
    group = deployed.outputs["ModelPackageGroupName"]
    deployed.emulator.client("sagemaker").create_model_package(ModelPackageGroupName=group)
    logs = deployed.emulator.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=LOG_GROUP)
    return inventory(deployed.emulator)


@pytest.fixture(scope="module")
def torn_down(deployed: Deployed, before: Found) -> TornDown:
    assert before  # seen before it goes
    seen: list[Progress] = []
    torn_down = tear_down(deployed.emulator, session.ENVIRONMENT, deployed.assembly, seen.append)
    # What is gone must not come back with the state that persists.
    deployed.emulator.stop()
    deployed.emulator.start()
    return torn_down


def test_the_listing_sees_what_is_deployed(before: Found) -> None:
    assert {kind for kind, _ in before} >= EXPECTED_BEFORE


def test_no_stack_is_left(deployed: Deployed, torn_down: TornDown) -> None:
    assert torn_down
    assert stacks(deployed.emulator, session.ENVIRONMENT) == []


def test_nothing_is_left_but_what_is_kept_on_purpose_and_listed(deployed: Deployed, torn_down: TornDown) -> None:
    after = inventory(deployed.emulator)
    left = after - of_the_account(deployed.emulator, after)
    assert left == {
        ("iam Roles", kept(torn_down, "AWS::IAM::Role")),
        ("kms Keys", *torn_down.dying_keys),
        ("sagemaker ModelPackageGroupSummaryList", kept(torn_down, "AWS::SageMaker::ModelPackageGroup").split("/")[-1]),
        *(("sagemaker ModelPackageSummaryList", arn) for arn in torn_down.model_packages),
    }


def kept(torn_down: TornDown, kind: str) -> str:
    """The physical id of the one resource of a type that is kept."""
    (found,) = (resource.id for resource in torn_down.kept if resource.type == kind)
    return found


def test_what_is_kept_is_the_registry_and_the_accounts_settings(torn_down: TornDown) -> None:
    assert {resource.type for resource in torn_down.kept} == {
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::ApiGateway::Account",
        "AWS::IAM::Role",
    }


def test_log_groups_that_services_made_by_themselves_are_removed_and_listed(torn_down: TornDown) -> None:
    assert LOG_GROUP in torn_down.log_groups


def test_destroying_again_changes_nothing_and_lists_the_same(deployed: Deployed, torn_down: TornDown) -> None:
    again = tear_down(deployed.emulator, session.ENVIRONMENT, deployed.assembly, lambda _progress: None)
    assert again == replace(torn_down, log_groups=[])
