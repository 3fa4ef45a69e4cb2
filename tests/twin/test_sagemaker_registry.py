"""The model registry, models and their tags."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import unique
from tests.twin.sagemaker_account import SERVING_IMAGE, TRAINING_IMAGE, Account
from twin.emulator import Emulator
from twin.emulator.hooks import Request
from twin.sagemaker import errors, service
from twin.sagemaker.store import Scope, store_of


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.fixture
def group(account: Account) -> str:
    name = unique("Models")
    account.sagemaker.create_model_package_group(
        ModelPackageGroupName=name, ModelPackageGroupDescription="tests", Tags=[{"Key": "a", "Value": "1"}]
    )
    return name


def register(account: Account, group: str, **changes: Any) -> str:
    arn: str = account.sagemaker.create_model_package(ModelPackageGroupName=group, **changes)["ModelPackageArn"]
    return arn


def test_versions_count_up_and_the_latest_is_found(account: Account, group: str) -> None:
    first, second = (register(account, group) for _ in range(2))
    assert [arn.rpartition("/")[2] for arn in (first, second)] == ["1", "2"]
    assert first == f"arn:aws:sagemaker:us-east-1:000000000000:model-package/{group.lower()}/1"
    newest = account.sagemaker.list_model_packages(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    assert [one["ModelPackageArn"] for one in newest] == [second]


def test_approval_is_recorded_and_searched_for(account: Account, group: str) -> None:
    first, second = (register(account, group) for _ in range(2))
    account.sagemaker.update_model_package(
        ModelPackageArn=first,
        ModelApprovalStatus="Approved",
        ApprovalDescription="better",
        CustomerMetadataProperties={"run": "1", "old": "x"},
    )
    account.sagemaker.update_model_package(ModelPackageArn=first, CustomerMetadataPropertiesToRemove=["old"])
    package = account.sagemaker.describe_model_package(ModelPackageName=first)
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "better")
    assert package["CustomerMetadataProperties"] == {"run": "1"}
    pending = account.sagemaker.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="PendingManualApproval"
    )
    assert [one["ModelPackageArn"] for one in pending["ModelPackageSummaryList"]] == [second]


FIGURE = {"name": "rougeL", "type": "number", "value": 0.27, "notes": "95 % interval 0.23 to 0.31"}


def with_figure(**changes: Any) -> dict[str, Any]:
    return {"evaluation_details": [{"name": "t", "metric_groups": [{"name": "m", "metric_data": [FIGURE | changes]}]}]}


def test_a_package_keeps_its_card_and_a_new_status_keeps_the_content(account: Account, group: str) -> None:
    card = {"ModelCardContent": json.dumps(with_figure()), "ModelCardStatus": "PendingReview"}
    first = register(account, group, ModelCard=card)
    assert account.sagemaker.describe_model_package(ModelPackageName=first)["ModelCard"] == card

    account.sagemaker.update_model_package(ModelPackageArn=first, ModelCard={"ModelCardStatus": "Archived"})
    kept = account.sagemaker.describe_model_package(ModelPackageName=first)["ModelCard"]
    assert kept == card | {"ModelCardStatus": "Archived"}
    with pytest.raises(ClientError, match="Model Card is in Archived state"):
        account.sagemaker.update_model_package(ModelPackageArn=first, ModelCard=card)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "it is not JSON"),
        ('{"evaluation_details": [{"name": NaN}]}', "NaN is no JSON number"),
        (json.dumps({"model_details": {}}), r"\$\.model_details is not in the schema"),
        (json.dumps({"model_overview": {"model_creator": "x" * 1025}}), "model_creator is longer than 1024"),
        (json.dumps({"evaluation_details": [{}]}), r"evaluation_details\[0\]\.name is missing"),
        (json.dumps({"intended_uses": {"risk_rating": "None"}}), "risk_rating must be one of High, Medium"),
        (json.dumps(with_figure(value=True, type="number", extra=1)), r"metric_data\[0\]\.extra is not in the schema"),
        (json.dumps(with_figure(value=[1])), r"metric_data\[0\]\.value must be of type"),
        (json.dumps({"additional_information": {"custom_details": {"a": 1}}}), r"custom_details\.a must be a string"),
    ],
)
def test_a_card_that_does_not_follow_the_schema_is_refused_with_its_place(
    account: Account, group: str, content: str, problem: str
) -> None:
    package = register(account, group)
    for ask in (
        lambda card: register(account, group, ModelCard=card),
        lambda card: account.sagemaker.update_model_package(ModelPackageArn=package, ModelCard=card),
    ):
        with pytest.raises(ClientError, match=problem):
            ask({"ModelCardContent": content, "ModelCardStatus": "Draft"})


def test_a_group_that_holds_models_is_kept(account: Account, group: str) -> None:
    package = register(account, group)
    with pytest.raises(account.sagemaker.exceptions.ConflictException, match="still contains Model Packages"):
        account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    account.sagemaker.delete_model_package(ModelPackageName=package)
    account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="does not exist"):
        account.sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_a_package_needs_a_group_that_exists_and_an_image_that_serves(account: Account, group: str) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        register(account, "nobody-made-this")
    with pytest.raises(ClientError, match="packages without a group are not supported"):
        account.sagemaker.create_model_package()
    inference = {"Containers": [{"Image": TRAINING_IMAGE}]}
    with pytest.raises(ClientError, match="huggingface-pytorch-training in serving"):
        register(account, group, InferenceSpecification=inference)


def test_a_group_is_made_once(account: Account, group: str) -> None:
    with pytest.raises(ClientError, match="Model Package Group already exists"):
        account.sagemaker.create_model_package_group(ModelPackageGroupName=group)


def test_tags_are_added_listed_and_removed(account: Account, group: str) -> None:
    arn = account.sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    account.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b"])
    assert account.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


def model_request(account: Account) -> dict[str, Any]:
    container = {"Image": SERVING_IMAGE, "ModelDataUrl": f"s3://{account.bucket}/model.tar.gz"}
    return {"ModelName": unique("model"), "PrimaryContainer": container, "ExecutionRoleArn": account.job_role}


def test_a_model_is_made_listed_and_deleted(account: Account) -> None:
    request = model_request(account)
    name = request["ModelName"]
    account.sagemaker.create_model(**request)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        account.sagemaker.create_model(**request)
    assert [one["ModelName"] for one in account.sagemaker.list_models(NameContains=name)["Models"]] == [name]
    account.sagemaker.delete_model(ModelName=name)
    with pytest.raises(ClientError, match="Could not find model"):
        account.sagemaker.describe_model(ModelName=name)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"PrimaryContainer": {"Image": SERVING_IMAGE}}, "ModelDataUrl or ModelDataSource is required"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/m"}}, "PrimaryContainer with an Image is required"),
        ({"ExecutionRoleArn": "arn:aws:iam::000000000000:role/nobody-has-this"}, "Could not assume role"),
        ({"VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}}, "The property VpcConfig is not supported"),
    ],
)
def test_a_model_that_could_not_serve_is_refused(account: Account, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ClientError, match=problem):
        account.sagemaker.create_model(**{**model_request(account), **change})


def test_an_answer_does_not_change_while_it_is_sent() -> None:
    request = Request("sagemaker", "POST", "/", {"x-amz-target": "SageMaker.DescribeModel"}, b'{"ModelName": "copied"}')
    store = store_of(Scope(request.account, request.region))
    record = store.add("model", "copied", {"PrimaryContainer": {}}, lambda: errors.in_use("taken"))
    answer = service.handle(request)
    assert isinstance(answer, dict)
    record["PrimaryContainer"]["Image"] = "changed meanwhile"
    assert answer["PrimaryContainer"] == {}
