"""Analytics: queries that are bounded and encrypted; a warehouse that is not there, or closed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cdk_app.constructs.queries import description_of
from cdk_app.settings import Settings
from tests.synth.optional import optional_assembly
from tests.synth.templates import (
    Template,
    allowed,
    everywhere,
    only,
    properties,
    resources,
    statements_of,
    text,
)

QUERIES = sorted(Path("stacks/queries").glob("*.sql"))


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Analytics"]


@pytest.fixture(scope="module")
def with_warehouse() -> Template:
    return dict(optional_assembly().templates["Fourfold-dev-Analytics"])


# ---- Athena ---------------------------------------------------------------------------------------------


def test_every_query_of_the_folder_is_a_named_query_in_the_workgroup(template: Template) -> None:
    named = {
        body["Properties"]["Name"]: body["Properties"]
        for body in resources(template, "AWS::Athena::NamedQuery").values()
    }
    (group,) = resources(template, "AWS::Athena::WorkGroup")
    assert set(named) == {file.stem for file in QUERIES}
    for file in QUERIES:
        query = named[file.stem]
        assert query["QueryString"] == file.read_text()
        assert query["WorkGroup"] == {"Ref": group}
        assert query["Database"] == "fourfold_dev"


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_a_query_says_what_it_answers_and_takes_what_it_says(file: Path) -> None:
    sql = file.read_text()
    description = description_of(sql)
    named = re.search(r"Parameters: (.*)\.$", description)
    assert named, description
    assert len(named[1].split(", ")) == sql.count("?")
    # Every scan names its data set and its run: neither can be left out.
    assert sql.count("dataset = ?") == sql.count("run = ?") == len(re.findall(r"FROM (curated|quarantine)", sql))


def test_a_query_without_a_comment_is_no_named_query() -> None:
    with pytest.raises(ValueError, match="Begin the query with a comment"):
        description_of("SELECT 1")


def test_the_workgroup_holds_every_query_to_its_settings(template: Template) -> None:
    group = properties(template, "AWS::Athena::WorkGroup")
    configuration = group["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == 10_000_000_000
    results = configuration["ResultConfiguration"]
    assert results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert "Key" in text(results["EncryptionConfiguration"]["KmsKey"])
    (bucket,) = resources(template, "AWS::S3::Bucket")
    assert text(results["OutputLocation"]) == f"s3://<{bucket}>/"


def test_results_expire_and_go_with_the_stack(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 7)
    assert bucket["DeletionPolicy"] == "Delete"


# ---- Redshift -------------------------------------------------------------------------------------------


def test_there_is_no_warehouse_and_no_network_unless_asked_for(
    templates: dict[str, Template], settings: Settings
) -> None:
    assert settings.analytics.redshift is False
    kinds = {body["Type"] for template in templates.values() for body in template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::Redshift", "AWS::EC2", "Custom::Redshift"))]


def test_the_warehouse_is_encrypted_with_our_key_and_its_password_is_secrets_managers(
    with_warehouse: Template,
) -> None:
    namespace = properties(with_warehouse, "AWS::RedshiftServerless::Namespace")
    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace
    for key in ("KmsKeyId", "AdminPasswordSecretKmsKeyId"):
        assert "Key" in text(namespace[key])
    assert set(namespace["LogExports"]) == {"connectionlog", "userlog", "useractivitylog"}


def test_nobody_reaches_the_warehouse_over_a_network(with_warehouse: Template) -> None:
    group = properties(with_warehouse, "AWS::RedshiftServerless::Workgroup")
    assert (group["PubliclyAccessible"], group["EnhancedVpcRouting"]) == (False, True)
    assert len(group["SubnetIds"]) == 3
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in group["ConfigParameters"]}
    assert parameters["require_ssl"] == "true"
    (own,) = group["SecurityGroupIds"]
    security = resources(with_warehouse, "AWS::EC2::SecurityGroup")[own["Fn::GetAtt"][0]]["Properties"]
    assert "SecurityGroupIngress" not in security
    for subnet in resources(with_warehouse, "AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False
    kinds = {body["Type"] for body in with_warehouse["Resources"].values()}
    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}


def test_the_endpoint_of_glue_admits_the_warehouse_alone(with_warehouse: Template) -> None:
    groups = resources(with_warehouse, "AWS::EC2::SecurityGroup").values()
    (rule,) = (rule for group in groups for rule in group["Properties"].get("SecurityGroupIngress", []))
    (own,) = properties(with_warehouse, "AWS::RedshiftServerless::Workgroup")["SecurityGroupIds"]
    assert rule["SourceSecurityGroupId"] == own
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)


def test_the_warehouse_cannot_bill_without_bound(with_warehouse: Template, settings: Settings) -> None:
    group = properties(with_warehouse, "AWS::RedshiftServerless::Workgroup")
    assert group["BaseCapacity"] == group["MaxCapacity"] == 8
    limit = properties(with_warehouse, "Custom::RedshiftUsageLimit")
    for stage, action in (("Create", "createUsageLimit"), ("Update", "updateUsageLimit")):
        call = _joined(limit[stage])
        assert f'"action":"{action}"' in call
        assert f'"amount":{settings.analytics.redshift_rpu_hours}' in call
        assert '"breachAction":"deactivate"' in call
    assert '"period":"daily"' in _joined(limit["Create"])


def test_the_role_reads_the_two_tables_and_writes_no_object(with_warehouse: Template) -> None:
    statements = statements_of(with_warehouse, "WarehouseRole")
    tables = {arn.rpartition(":")[2] for arn in allowed(statements, "glue:GetTable")}
    assert tables == {"catalog", "database/fourfold_dev", "table/fourfold_dev/curated", "table/fourfold_dev/quarantine"}
    curated, quarantine = sorted(allowed(statements, "s3:GetObject"))
    assert "CuratedBucket" in curated
    assert "QuarantineBucket" in quarantine
    actions = {action for statement in statements for action in _listed(statement["Action"])}
    assert not [action for action in actions if action.startswith("s3:Put") or "Delete" in action or "*" in action]


def test_the_flow_log_and_the_limits_log_are_encrypted_and_expire(with_warehouse: Template) -> None:
    groups = list(everywhere({"Analytics": with_warehouse}, "AWS::Logs::LogGroup"))
    assert len(groups) == 2
    for _, group in groups:
        assert "Key" in text(group["Properties"]["KmsKeyId"])
        assert group["Properties"]["RetentionInDays"] == 30


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(part for part in value["Fn::Join"][1] if isinstance(part, str))
