"""What stays when its stack is deleted: what somebody would miss, and nothing by accident."""

from __future__ import annotations

import pytest

from tests.synth.conftest import synthesize
from tests.synth.templates import Template, templates_by_step

ACCOUNT_WIDE = {
    ("Gateway", "AWS::ApiGateway::Account"),  # one setting for all APIs of the account and region
    ("Gateway", "AWS::IAM::Role"),  # the role that it names
}
REGISTRY = {("FineTuning", "AWS::SageMaker::ModelPackageGroup")}
DATA = {
    ("Foundation", "AWS::S3::Bucket"),
    ("Foundation", "AWS::KMS::Key"),
    ("Gateway", "AWS::Cognito::UserPool"),
    ("Gateway", "AWS::DynamoDB::Table"),
    ("Gateway", "AWS::S3::Bucket"),
    ("Gateway", "AWS::S3Vectors::Index"),
    ("Gateway", "AWS::S3Vectors::VectorBucket"),
    ("Page", "AWS::S3::Bucket"),
}


def kept(templates: dict[str, Template]) -> set[tuple[str, str]]:
    """Stacks and types of the resources that a deleted stack, or a replacement, leaves behind."""
    return {
        (step, body["Type"])
        for step, template in templates.items()
        for body in template["Resources"].values()
        if {body.get("DeletionPolicy", "Delete"), body.get("UpdateReplacePolicy", "Delete")} != {"Delete"}
    }


def test_the_registry_and_the_accounts_own_settings_stay_and_nothing_else(templates: dict[str, Template]) -> None:
    assert kept(templates) == REGISTRY | ACCOUNT_WIDE


@pytest.fixture(scope="module")
def of_production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    return templates_by_step(synthesize(tmp_path_factory.mktemp("prod") / "cdk.out", "prod"))


def test_production_keeps_its_data_and_the_key_to_it_too(of_production: dict[str, Template]) -> None:
    assert kept(of_production) == REGISTRY | ACCOUNT_WIDE | DATA
