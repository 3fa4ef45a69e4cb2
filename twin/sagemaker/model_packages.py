"""Model packages: the versions of a model in a group, with their approval."""

from __future__ import annotations

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import MODEL_PACKAGE
from twin.sagemaker.images import require_image
from twin.sagemaker.listing import Listing
from twin.sagemaker.model_cards import require_card
from twin.sagemaker.model_package_groups import group_of
from twin.sagemaker.support import ANY, require_support
from twin.sagemaker.tags import forget_tags, set_tags

_LISTING = Listing(
    "ModelPackageSummaryList",
    (
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
    ),
    "ModelPackageGroupName",
    newest_first=False,
)
_UPDATE = {
    "ModelPackageArn": ANY,
    "ModelApprovalStatus": ANY,
    "ApprovalDescription": ANY,
    "CustomerMetadataProperties": ANY,
    "CustomerMetadataPropertiesToRemove": ANY,
    "SourceUri": ANY,
    "ModelCard": {"ModelCardContent": ANY, "ModelCardStatus": ANY},
    "ClientToken": ANY,
}
_FILTERS = ("ModelPackageGroupName", "ModelApprovalStatus")


def create_model_package(call: Call) -> Json:
    """CreateModelPackage: the next version of a group. Packages without a group are not supported here."""
    require_support(MODEL_PACKAGE, call.parameters)
    if not call.parameters.get("ModelPackageGroupName"):
        raise errors.validation("ModelPackageGroupName is required: packages without a group are not supported here.")
    for container in (call.parameters.get("InferenceSpecification") or {}).get("Containers", ()):
        require_image(container.get("Image") or "", "serving")
    require_card(call.parameters.get("ModelCard") or {})
    group = group_of(call, call.parameters["ModelPackageGroupName"])["ModelPackageGroupName"]
    with call.store.lock:
        former = [p["ModelPackageVersion"] for p in call.store.of("model-package").values() if _in(p, group)]
        version = max(former, default=0) + 1
        arn = call.scope.arn("model-package", f"{group}/{version}")
        record = {
            "ModelApprovalStatus": "PendingManualApproval",
            **call.given("Tags", "ClientToken"),
            "ModelPackageGroupName": group,
            "ModelPackageVersion": version,
            "ModelPackageArn": arn,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": False,
            "CreatedBy": {},
        }
        call.store.add("model-package", arn, record, lambda: errors.conflict(f"{arn} already exists."))
    set_tags(call.store, arn, call.parameters.get("Tags"))
    return {"ModelPackageArn": arn}


def _in(package: Json, group: str) -> bool:
    return bool(package["ModelPackageGroupName"] == group)


def _missing(arn: str) -> ServiceError:
    return errors.validation(f"ModelPackage {arn} does not exist.")


def describe_model_package(call: Call) -> Json:
    """DescribeModelPackage, by the package's ARN."""
    arn = call.parameters["ModelPackageName"]
    return call.store.get("model-package", arn, lambda: _missing(arn))


def update_model_package(call: Call) -> Json:
    """UpdateModelPackage: approval, metadata and card. What of a card is not given stays; an archived one is closed."""
    require_support(_UPDATE, call.parameters)
    arn = call.parameters["ModelPackageArn"]
    record = call.store.get("model-package", arn, lambda: _missing(arn))
    card = call.parameters.get("ModelCard") or {}
    require_card(card)
    former = record.get("ModelCard") or {}
    if card.get("ModelCardContent") is not None and former.get("ModelCardStatus") == "Archived":
        raise errors.validation("Model Card is in Archived state.")
    metadata = {**record.get("CustomerMetadataProperties", {})}
    metadata |= call.parameters.get("CustomerMetadataProperties") or {}
    for key in call.parameters.get("CustomerMetadataPropertiesToRemove") or ():
        metadata.pop(key, None)
    kept = ("ModelApprovalStatus", "ApprovalDescription", "SourceUri")
    changes = {name: call.parameters[name] for name in kept if call.parameters.get(name) is not None}
    if card:
        changes["ModelCard"] = former | card
    call.store.update(record, **changes, CustomerMetadataProperties=metadata)
    return {"ModelPackageArn": arn}


def delete_model_package(call: Call) -> Json:
    """DeleteModelPackage, by the package's ARN."""
    arn = call.parameters["ModelPackageName"]
    call.store.remove("model-package", arn, lambda: _missing(arn))
    forget_tags(call.store, arn)
    return {}


def list_model_packages(call: Call) -> Json:
    """ListModelPackages, of one group or all; by ModelApprovalStatus where that is given."""
    parameters = call.given(*_FILTERS)
    records = list(call.store.of("model-package").values())
    if name := call.parameters.get("ModelPackageGroupName"):
        group = group_of(call, name)["ModelPackageGroupName"]
        records = [record for record in records if _in(record, group)]
    if status := call.parameters.get("ModelApprovalStatus"):
        records = [record for record in records if record["ModelApprovalStatus"] == status]
    return _LISTING.answer(records, parameters)


OPERATIONS: Operations = {
    "CreateModelPackage": create_model_package,
    "DescribeModelPackage": describe_model_package,
    "UpdateModelPackage": update_model_package,
    "DeleteModelPackage": delete_model_package,
    "ListModelPackages": list_model_packages,
}
