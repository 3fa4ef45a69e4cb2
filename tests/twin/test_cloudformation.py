"""Resource types that the twin provisions or extends: made, changed in place, and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import Json, make_role, unique
from tests.twin.inventory import inventory
from tests.twin.stack import Stack
from twin.emulator import Emulator


@pytest.fixture
def stack(emulator: Emulator) -> Stack:
    return Stack(emulator)


def resource(kind: str, **properties: Any) -> Json:
    return {"Type": kind, "Properties": properties}


def job(role: str, **changes: Any) -> Json:
    command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://bucket/script.py"}
    settings = {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 60, **changes}
    return resource("AWS::Glue::Job", Role=role, Command=command, **settings)


def test_a_job_is_made_changed_in_place_and_deleted(emulator: Emulator, stack: Stack) -> None:
    role, glue = make_role(emulator, "glue"), emulator.client("glue")
    assert stack.create(Job=job(role))["StackStatus"] == "CREATE_COMPLETE"
    name = stack.reference("Job")
    assert stack.update(Job=job(role, Timeout=30))["StackStatus"] == "UPDATE_COMPLETE"
    assert stack.reference("Job") == name
    assert glue.get_job(JobName=name)["Job"]["Timeout"] == 30
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job(JobName=name)


def test_a_job_that_cannot_run_here_fails_its_stack_by_property(emulator: Emulator, stack: Stack) -> None:
    status = stack.create(Job=job(make_role(emulator, "glue"), GlueVersion="4.0"))["StackStatus"]
    assert status == "ROLLBACK_COMPLETE"
    assert "GlueVersion is '4.0'" in stack.reasons()


def test_a_type_that_nobody_provisions_fails_its_stack_by_name(stack: Stack) -> None:
    with pytest.raises(ClientError, match="AWS::Redshift::Cluster"):
        stack.create(Cluster=resource("AWS::Redshift::Cluster"))


def security(name: str, mode: str = "SSE-S3") -> Json:
    encryption = {"S3Encryptions": [{"S3EncryptionMode": mode}]}
    return resource("AWS::Glue::SecurityConfiguration", Name=name, EncryptionConfiguration=encryption)


def test_a_security_configuration_is_made_and_deleted(emulator: Emulator, stack: Stack) -> None:
    name, glue = unique("security"), emulator.client("glue")
    stack.create(Security=security(name))
    found = glue.get_security_configuration(Name=name)["SecurityConfiguration"]
    assert found["EncryptionConfiguration"]["S3Encryption"] == [{"S3EncryptionMode": "SSE-S3"}]
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_security_configuration(Name=name)


def test_a_named_security_configuration_cannot_be_changed(stack: Stack) -> None:
    name = unique("security")
    stack.create(Security=security(name))
    assert stack.update(Security=security(name, "DISABLED"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in stack.reasons()


def ruleset(name: str, rules: str) -> Json:
    return resource("AWS::Glue::DataQualityRuleset", Name=name, Ruleset=rules)


def test_a_recorded_resource_is_made_changed_and_deleted(stack: Stack) -> None:
    name = unique("rules")
    assert stack.create(Rules=ruleset(name, "Rules = [RowCount > 0]"))["StackStatus"] == "CREATE_COMPLETE"
    assert stack.reference("Rules") == name
    assert stack.update(Rules=ruleset(name, "Rules = [RowCount > 1]"))["StackStatus"] == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"


def budget(name: str, amount: int, threshold: int = 80) -> Json:
    return resource(
        "AWS::Budgets::Budget",
        Budget={
            "BudgetName": name,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"},
        },
        NotificationsWithSubscribers=[
            {
                "Notification": {
                    "NotificationType": "ACTUAL",
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": threshold,
                },
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "someone@example.com"}],
            }
        ],
    )


def amount_of(emulator: Emulator, name: str) -> str:
    found = emulator.client("budgets").describe_budget(AccountId="000000000000", BudgetName=name)
    return str(found["Budget"]["BudgetLimit"]["Amount"])


def test_a_budget_is_made_changed_in_place_and_deleted(emulator: Emulator, stack: Stack) -> None:
    name = unique("budget")
    assert stack.create(Budget=budget(name, 50))["StackStatus"] == "CREATE_COMPLETE"
    assert float(amount_of(emulator, name)) == 50
    assert stack.update(Budget=budget(name, 60))["StackStatus"] == "UPDATE_COMPLETE"
    assert float(amount_of(emulator, name)) == 60
    assert stack.update(Budget=budget(name, 60, threshold=90))["StackStatus"] == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="NotFound"):
        amount_of(emulator, name)


# ---- buckets and topics ---------------------------------------------------------------------------------


def bucket(name: str, key: str | None) -> Json:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    rules = [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    return resource("AWS::S3::Bucket", BucketName=name, BucketEncryption={"ServerSideEncryptionConfiguration": rules})


def algorithm_of(emulator: Emulator, name: str) -> str:
    found = emulator.client("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    return str(found["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])


def test_a_bucket_is_encrypted_as_its_template_says(emulator: Emulator, stack: Stack) -> None:
    name, key = unique("bucket"), emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    stack.create(Bucket=bucket(name, key))
    assert algorithm_of(emulator, name) == "aws:kms"
    assert stack.update(Bucket=bucket(name, None))["StackStatus"] == "UPDATE_COMPLETE"
    assert algorithm_of(emulator, name) == "AES256"


def test_a_bucket_with_objects_is_not_deleted(emulator: Emulator, stack: Stack) -> None:
    name, s3 = unique("bucket"), emulator.client("s3")
    stack.create(Bucket=bucket(name, None))
    s3.put_object(Bucket=name, Key="key", Body=b"content")
    assert stack.delete() == "DELETE_FAILED"
    assert "not empty" in stack.reasons()
    s3.delete_object(Bucket=name, Key="key")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_property_of_a_bucket_that_would_be_left_aside_fails_the_stack(stack: Stack) -> None:
    accelerated = resource("AWS::S3::Bucket", AccelerateConfiguration={"AccelerationStatus": "Enabled"})
    assert stack.create(Bucket=accelerated)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "does not support AccelerateConfiguration" in stack.reasons()


def test_a_topic_is_encrypted_as_its_template_says(emulator: Emulator, stack: Stack) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    stack.create(Topic=resource("AWS::SNS::Topic", TopicName=unique("topic"), KmsMasterKeyId=key))
    attributes = emulator.client("sns").get_topic_attributes(TopicArn=stack.reference("Topic"))["Attributes"]
    assert attributes["KmsMasterKeyId"] == key


# ---- parameters -----------------------------------------------------------------------------------------


def test_an_update_with_the_previous_template_reads_the_parameter_store_anew(emulator: Emulator) -> None:
    ssm, name = emulator.client("ssm"), unique("/parameter")
    ssm.put_parameter(Name=name, Value="none", Type="String")
    client, stack_name = emulator.client("cloudformation"), unique("stack")
    template = {
        "Parameters": {"Approved": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}},
        "Conditions": {"Some": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Approved"}, "none"]}]}},
        "Resources": {
            "Always": resource("AWS::SNS::Topic"),
            "Sometimes": {**resource("AWS::SNS::Topic"), "Condition": "Some"},
        },
    }
    client.create_stack(StackName=stack_name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=stack_name, WaiterConfig={"Delay": 1})

    def logical_ids() -> set[str]:
        found = client.describe_stack_resources(StackName=stack_name)["StackResources"]
        return {one["LogicalResourceId"] for one in found}

    assert logical_ids() == {"Always"}
    ssm.put_parameter(Name=name, Value="s3://bucket/model.tar.gz", Type="String", Overwrite=True)
    client.update_stack(
        StackName=stack_name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Approved", "UsePreviousValue": True}],
    )
    client.get_waiter("stack_update_complete").wait(StackName=stack_name, WaiterConfig={"Delay": 1})
    assert logical_ids() == {"Always", "Sometimes"}


def test_what_a_deleted_stack_held_does_not_come_back_with_the_next_emulator(tmp_path: Path) -> None:
    with Emulator(tmp_path, persist=True) as first:
        role = make_role(first, "states")
        before, stack = inventory(first), Stack(first)
        bucket_name, s3 = unique("bucket"), first.client("s3")
        definition = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}
        table = {
            "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "name", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        machine = {"RoleArn": role, "DefinitionString": json.dumps(definition)}
        stack.create(
            Bucket=bucket(bucket_name, None),
            Machine={"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            Table={"Type": "AWS::DynamoDB::Table", "Properties": table},
        )
        first.client("stepfunctions").start_execution(stateMachineArn=stack.reference("Machine"))
        s3.put_object(Bucket=bucket_name, Key="a/folder/key", Body=b"content")
        s3.delete_object(Bucket=bucket_name, Key="a/folder/key")
        kinds = {kind for kind, _ in inventory(first) - before}
        assert kinds >= {"s3 Buckets", "dynamodb TableNames", "stepfunctions executions"}
        assert stack.delete() == "DELETE_COMPLETE", stack.reasons()
    with Emulator(tmp_path, persist=True) as second:
        assert inventory(second) == before
