"""Model package groups: the registry's shelves."""

from __future__ import annotations

from twin.emulator.hooks import Json
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import MODEL_PACKAGE_GROUP
from twin.sagemaker.listing import Listing
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import forget_tags, set_tags

_LISTING = Listing(
    "ModelPackageGroupSummaryList",
    (
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
    ),
    "ModelPackageGroupName",
    newest_first=False,
)


def create_model_package_group(call: Call) -> Json:
    """CreateModelPackageGroup."""
    require_support(MODEL_PACKAGE_GROUP, call.parameters)
    name = call.parameters["ModelPackageGroupName"]
    arn = call.scope.arn("model-package-group", name)
    record = {
        **call.given("Tags"),
        "ModelPackageGroupArn": arn,
        "ModelPackageGroupStatus": "Completed",
        "CreatedBy": {},
    }
    call.store.add(
        "model-package-group",
        name,
        record,
        lambda: errors.validation(f"Model Package Group already exists: {arn}"),
    )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    return {"ModelPackageGroupArn": arn}


def group_of(call: Call, name_or_arn: str) -> Json:
    """A group by its name or ARN. Raises ValidationException where there is none."""
    for record in call.store.of("model-package-group").values():
        if name_or_arn in (record["ModelPackageGroupName"], record["ModelPackageGroupArn"]):
            return record
    arn = call.scope.arn("model-package-group", name_or_arn.rpartition("/")[2])
    raise errors.validation(f"Model Package Group {arn} does not exist.")


def describe_model_package_group(call: Call) -> Json:
    """DescribeModelPackageGroup."""
    return group_of(call, call.parameters["ModelPackageGroupName"])


def delete_model_package_group(call: Call) -> Json:
    """DeleteModelPackageGroup: only an empty one can be deleted."""
    record = group_of(call, call.parameters["ModelPackageGroupName"])
    name = record["ModelPackageGroupName"]
    with call.store.lock:
        if any(package["ModelPackageGroupName"] == name for package in call.store.of("model-package").values()):
            raise errors.conflict(
                f"Model Package Group {record['ModelPackageGroupArn']} cannot be deleted because it still contains "
                "Model Packages."
            )
        call.store.remove("model-package-group", name, lambda: errors.validation("It does not exist."))
    forget_tags(call.store, record["ModelPackageGroupArn"])
    return {}


def list_model_package_groups(call: Call) -> Json:
    """ListModelPackageGroups."""
    return _LISTING.answer(call.store.of("model-package-group").values(), call.parameters)


OPERATIONS: Operations = {
    "CreateModelPackageGroup": create_model_package_group,
    "DescribeModelPackageGroup": describe_model_package_group,
    "DeleteModelPackageGroup": delete_model_package_group,
    "ListModelPackageGroups": list_model_package_groups,
}
