"""Foundation: nothing readable from outside, nothing unencrypted, and parameters that the workflow may own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match

from cdk_app.settings import Budget, Data, Settings, SettingsError
from stacks.foundation import NOTHING_APPROVED, Foundation
from tests.synth.templates import Template, as_list, everywhere, new_app, properties, resources, template_of, text

DATA_BUCKETS = ("Raw", "Curated", "Quarantine", "Models")


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Foundation"]


def bucket(template: Template, name: str) -> dict[str, Any]:
    (found,) = (
        body["Properties"]
        for logical_id, body in resources(template, "AWS::S3::Bucket").items()
        if logical_id.startswith(f"{name}Bucket")
    )
    return dict(found)


def test_the_key_rotates_and_trusts_only_this_account(template: Template) -> None:
    key = properties(template, "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    for statement in key["KeyPolicy"]["Statement"]:
        principal = statement["Principal"]
        assert "AWS" in principal or "Condition" in statement, f"a service without a condition: {principal}"
        assert principal != "*"
        if "Condition" in statement:
            assert {"Ref": "AWS::AccountId"} in flat(statement["Condition"]), principal


def flat(value: Any) -> list[Any]:
    """`value` and everything in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(found for item in inner for found in flat(item))]


@pytest.mark.parametrize("name", DATA_BUCKETS)
def test_data_buckets_are_encrypted_with_our_key(template: Template, name: str) -> None:
    (rule,) = bucket(template, name)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]).startswith("<Key")
    assert rule["BucketKeyEnabled"] is True


def test_every_bucket_of_every_stack_is_encrypted_private_versioned_and_ages(templates: dict[str, Template]) -> None:
    found = list(everywhere(templates, "AWS::S3::Bucket"))
    assert len(found) == 8
    for place, body in found:
        settings = body["Properties"]
        assert settings["BucketEncryption"]["ServerSideEncryptionConfiguration"], place
        assert set(settings["PublicAccessBlockConfiguration"].values()) == {True}, place
        assert len(settings["PublicAccessBlockConfiguration"]) == 4, place
        assert settings["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], place
        assert settings["VersioningConfiguration"] == {"Status": "Enabled"}, place
        [rule] = [rule for rule in settings["LifecycleConfiguration"]["Rules"] if "Prefix" not in rule]
        assert rule["Status"] == "Enabled", place
        assert "NoncurrentVersionExpiration" in rule, place
        assert "AbortIncompleteMultipartUpload" in rule, place


def test_every_bucket_refuses_requests_without_tls(template: Template) -> None:
    policies = resources(template, "AWS::S3::BucketPolicy").values()
    guarded = {
        text(policy["Properties"]["Bucket"])
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and statement["Action"] == "s3:*"
        and statement["Principal"] == {"AWS": "*"}
        and len(statement["Resource"]) == 2
    }
    assert guarded == {f"<{name}>" for name in resources(template, "AWS::S3::Bucket")}


@pytest.mark.parametrize("name", DATA_BUCKETS)
def test_accesses_to_data_buckets_are_logged_apart(template: Template, name: str) -> None:
    logging = bucket(template, name)["LoggingConfiguration"]
    assert text(logging["DestinationBucketName"]).startswith("<LogsBucket")
    assert logging["LogFilePrefix"] == f"{name}Bucket/"


def test_only_what_a_run_derives_from_the_data_expires(template: Template, settings: Settings) -> None:
    expiry = {
        name: bucket(template, name)["LifecycleConfiguration"]["Rules"][0].get("ExpirationInDays")
        for name in DATA_BUCKETS
    }
    days = settings.data.retention_days
    assert expiry == {"Raw": None, "Curated": days, "Quarantine": days, "Models": None}


def test_checkpoints_expire_and_those_that_were_replaced_do_soon(template: Template) -> None:
    rules = bucket(template, "Models")["LifecycleConfiguration"]["Rules"]
    [rule] = [rule for rule in rules if rule.get("Prefix") == "checkpoints/"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == 15
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_what_bedrock_is_given_expires_as_the_records_that_it_copies(template: Template, settings: Settings) -> None:
    rules = bucket(template, "Models")["LifecycleConfiguration"]["Rules"]
    [rule] = [rule for rule in rules if rule.get("Prefix") == "customization/"]
    assert rule["ExpirationInDays"] == settings.data.retention_days


def test_nothing_is_approved_at_first(template: Template) -> None:
    values = {
        body["Properties"]["Name"]: body["Properties"]["Value"]
        for body in resources(template, "AWS::SSM::Parameter").values()
    }
    assert values["/fourfold/dev/approved/model-data-url"] == NOTHING_APPROVED
    assert values["/fourfold/dev/approved/target"] == NOTHING_APPROVED


def test_run_settings_are_json_with_every_candidate(template: Template, settings: Settings) -> None:
    values = {
        body["Properties"]["Name"]: body["Properties"]["Value"]
        for body in resources(template, "AWS::SSM::Parameter").values()
    }
    text, variables = as_list(values["/fourfold/dev/run-settings"]["Fn::Sub"])
    for name, value in variables.items():
        number = template["Mappings"][value["Fn::FindInMap"][0]]["eu-west-1"]
        text = text.replace(f"${{{name}}}", *number.values())
    defaults = json.loads(text)
    assert len(defaults["candidates"]) == len(settings.selection.candidates)
    asked = {candidate["model"]: candidate for candidate in defaults["candidates"]}
    assert asked["nova-micro"]["model_id"] == "eu.amazon.nova-micro-v1:0"
    assert asked["nova-micro"]["price"] == {"usd_per_1k_input_tokens": 4.6e-05, "usd_per_1k_output_tokens": 0.000184}
    assert "selection.floor" in json.loads(values["/fourfold/dev/run-bounds"])


def test_run_settings_that_no_parameter_can_hold_are_refused(settings: Settings) -> None:
    many = settings.selection.model_copy(update={"candidates": settings.selection.candidates * 8})
    with pytest.raises((SettingsError, RuntimeError), match="SSM parameter"):
        template_of(settings.model_copy(update={"selection": many}), lambda _, foundation: foundation)


def test_the_topic_is_encrypted_refuses_plain_http_and_hears_alarms_of_this_account(template: Template) -> None:
    assert text(properties(template, "AWS::SNS::Topic")["KmsMasterKeyId"]).startswith("<Key")
    statements = properties(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    denied = [s for s in statements if s["Effect"] == "Deny"]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    (heard,) = (s for s in statements if s["Effect"] == "Allow")
    assert heard["Principal"]["Service"] == ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    assert heard["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_address_in_the_settings_is_subscribed(settings: Settings, template: Template) -> None:
    assert not resources(template, "AWS::SNS::Subscription")
    with_address = settings.model_copy(update={"budget": Budget(notify_email="ops@example.com")})
    subscribed = template_of(with_address, lambda _, foundation: foundation)
    assert properties(subscribed, "AWS::SNS::Subscription")["Endpoint"] == "ops@example.com"


def test_prod_keeps_its_data_and_dev_does_not(settings: Settings, template: Template) -> None:
    def policies(of: Template) -> set[str]:
        kinds = ("AWS::S3::Bucket", "AWS::KMS::Key")
        return {body["DeletionPolicy"] for kind in kinds for body in resources(of, kind).values()}

    prod = settings.model_copy(update={"environment": "prod"})
    assert policies(template_of(prod, lambda _, foundation: foundation)) == {"Retain"}
    assert policies(template) == {"Delete"}


def test_the_stack_that_holds_the_data_of_prod_cannot_be_deleted_by_mistake(settings: Settings) -> None:
    protected = {
        environment: Foundation(
            new_app(),
            "Foundation",
            settings=settings.model_copy(update={"environment": environment}),
        ).termination_protection
        for environment in ("dev", "prod")
    }
    assert protected == {"dev": False, "prod": True}


def test_the_raw_bucket_sends_events_only_where_they_start_runs(settings: Settings, template: Template) -> None:
    assert "NotificationConfiguration" not in bucket(template, "Raw")
    data: Data = settings.data.model_copy(update={"trigger_on_new_data": True})
    sending = template_of(settings.model_copy(update={"data": data}), lambda _, foundation: foundation)
    told = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert bucket(sending, "Raw")["NotificationConfiguration"] == told
    assert all("NotificationConfiguration" not in bucket(sending, name) for name in DATA_BUCKETS if name != "Raw")


def test_buckets_are_named_in_outputs(template: Template) -> None:
    assert {f"{name}BucketName" for name in DATA_BUCKETS} <= set(template["Outputs"])


def test_services_take_on_roles_for_this_account_only(templates: dict[str, Template]) -> None:
    for place, role in everywhere(templates, "AWS::IAM::Role"):
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            service = statement["Principal"]["Service"]
            # These two services run what one account owns, and name no source.
            if service not in {"lambda.amazonaws.com", "apigateway.amazonaws.com"}:
                source = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
                assert source == {"Ref": "AWS::AccountId"}, place


def test_the_roll_out_parameters_stay_as_they_were_deployed(template: Template) -> None:
    # Whatever changes here, CloudFormation puts the value `none` back, and takes every approval with it.
    deployed = {
        logical_id: body["Properties"]
        for logical_id, body in resources(template, "AWS::SSM::Parameter").items()
        if logical_id.startswith("Approved")
    }
    assert deployed == {
        "ApprovedModelDataUrl26C20034": {
            "Name": "/fourfold/dev/approved/model-data-url",
            "Description": "S3 address of the approved model's artefact; the serving stack reads it.",
            "Tags": {"environment": "dev", "project": "fourfold"},
            "Type": "String",
            "Value": NOTHING_APPROVED,
        },
        "ApprovedTargetA27D2E97": {
            "Name": "/fourfold/dev/approved/target",
            "Description": "JSON that says which model answers requests; the gateway reads it.",
            "Tags": {"environment": "dev", "project": "fourfold"},
            "Type": "String",
            "Value": NOTHING_APPROVED,
        },
    }


@pytest.mark.parametrize(("email", "warned"), [(None, True), ("team@example.com", False)])
def test_whoever_deploys_manual_approval_is_told_when_nobody_would_hear_of_it(
    settings: Settings, email: str | None, warned: bool
) -> None:
    changed = settings.model_copy(update={"approval": "manual", "budget": Budget(notify_email=email)})
    foundation = Foundation(new_app(), "Foundation", settings=changed)

    annotations = Annotations.from_stack(foundation)
    expect = annotations.has_warning if warned else annotations.has_no_warning
    expect("*", Match.string_like_regexp("reach nobody"))
