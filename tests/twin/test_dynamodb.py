"""Tables as stacks declare them: conditional writes, counters, expiry, and who may use them with which key."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import Json, allow, unique, user_client
from tests.twin.stack import Stack
from twin.emulator import Emulator

ITEM = {"pk": {"S": "USAGE#user:1"}, "sk": {"S": "DAY#2026-11-26"}}


class Table:
    """A table with a sort key, items that expire, and a key of the account's."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.stack = emulator, Stack(emulator)
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }
        properties = {
            "TableName": unique("table"),
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "other")],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-other",
                    "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        }
        created = self.stack.create(
            Key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}},
            Table={"Type": "AWS::DynamoDB::Table", "Properties": properties},
        )
        assert created["StackStatus"] == "CREATE_COMPLETE", self.stack.reasons()
        self.name, self.client = self.stack.reference("Table"), emulator.client("dynamodb")
        self.arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{self.name}"
        self.key = f"arn:aws:kms:us-east-1:000000000000:key/{self.stack.reference('Key')}"

    def user(self, *actions: str, resource: str = "", decrypt: Json | None = None) -> Any:
        """A client of a user who may do these things to the table, and use its key."""
        statements = [allow(list(actions), resource or self.arn), decrypt or self.decrypt()]
        return user_client(self.emulator, "dynamodb", *statements)

    def decrypt(self, service: str = "dynamodb") -> Json:
        condition = {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}
        return {**allow("kms:Decrypt", self.key), "Condition": condition}


@pytest.fixture(scope="module")
def table(emulator: Emulator) -> Table:
    return Table(emulator)


def test_a_conditional_write_happens_once(table: Table) -> None:
    once = {"TableName": table.name, "Item": {"pk": {"S": unique("pk")}, "sk": {"S": "-"}}}
    table.client.put_item(**once, ConditionExpression="attribute_not_exists(pk)")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        table.client.put_item(**once, ConditionExpression="attribute_not_exists(pk)")


def test_counters_that_many_add_to_lose_nothing(table: Table) -> None:
    key = {"pk": {"S": unique("pk")}, "sk": {"S": "-"}}

    def add(_: int) -> Any:
        return table.client.update_item(
            TableName=table.name,
            Key=key,
            UpdateExpression="ADD requests :one SET #until = :until",
            ExpressionAttributeNames={"#until": "expires_at"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":until": {"N": "4102444800"}},
            ReturnValues="ALL_NEW",
        )

    with ThreadPoolExecutor(4) as threads:
        seen = [int(answer["Attributes"]["requests"]["N"]) for answer in threads.map(add, range(20))]
    assert sorted(seen) == list(range(1, 21))


def test_the_table_expires_items_by_the_attribute_that_the_stack_names(table: Table) -> None:
    found = table.client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert found == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_a_user_may_do_what_is_allowed_on_the_table_and_nothing_else(table: Table) -> None:
    client = table.user("dynamodb:PutItem", "dynamodb:GetItem")
    client.put_item(TableName=table.name, Item=ITEM)
    assert client.get_item(TableName=table.name, Key=ITEM)["Item"] == ITEM
    calls: list[Callable[[], Any]] = [
        lambda: client.delete_item(TableName=table.name, Key=ITEM),
        lambda: client.scan(TableName=table.name),
        lambda: client.transact_write_items(TransactItems=[{"Delete": {"TableName": table.name, "Key": ITEM}}]),
    ]
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_an_index_is_a_resource_of_its_own(table: Table) -> None:
    query = {
        "TableName": table.name,
        "IndexName": "by-other",
        "KeyConditionExpression": "other = :o",
        "ExpressionAttributeValues": {":o": {"S": "x"}},
    }
    with pytest.raises(ClientError, match=r"table/.*/index/by-other"):
        table.user("dynamodb:Query").query(**query)
    assert table.user("dynamodb:Query", resource=f"{table.arn}/index/*").query(**query)["Count"] == 0


def test_whoever_uses_items_needs_the_tables_key(table: Table) -> None:
    without = user_client(table.emulator, "dynamodb", allow("dynamodb:*", table.arn))
    calls: list[Callable[[], Any]] = [
        lambda: without.put_item(TableName=table.name, Item=ITEM),
        lambda: without.batch_get_item(RequestItems={table.name: {"Keys": [ITEM]}}),
        lambda: without.transact_write_items(TransactItems=[{"Put": {"TableName": table.name, "Item": ITEM}}]),
    ]
    for call in calls:
        with pytest.raises(ClientError, match="kms:Decrypt"):
            call()
    without.describe_table(TableName=table.name)


def test_a_permission_on_the_key_through_another_service_does_not_do(table: Table) -> None:
    client = table.user("dynamodb:PutItem", decrypt=table.decrypt("s3"))
    with pytest.raises(ClientError, match="kms:Decrypt"):
        client.put_item(TableName=table.name, Item=ITEM)


def test_the_denial_is_an_event(table: Table) -> None:
    with pytest.raises(ClientError):
        user_client(table.emulator, "dynamodb").get_item(TableName=table.name, Key=ITEM)
    denied = [json.loads(line) for line in table.emulator.events_file.read_text().splitlines() if "iam_denied" in line]
    assert any(event.get("action") == "dynamodb:GetItem" and event.get("resource") == table.arn for event in denied)


def test_what_a_table_does_not_have_here_fails_the_stack_by_name(emulator: Emulator) -> None:
    stack = Stack(emulator)
    properties = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "ContributorInsightsSpecification": {"Enabled": True},
    }
    assert "ROLLBACK" in stack.create(Table={"Type": "AWS::DynamoDB::Table", "Properties": properties})["StackStatus"]
    assert "does not support ContributorInsightsSpecification" in stack.reasons()
