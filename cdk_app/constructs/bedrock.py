"""Models of the catalogue in a template: what Bedrock calls them, and which ARNs a role needs to invoke them.

The catalogue leaves open what the account and the region of the deployment decide; CloudFormation fills it in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_app.catalogue import GEOGRAPHIES, Model, arns
from cdk_app.constructs.grants import allow, through_service
from cdk_app.constructs.names import workflow_tags
from cdk_app.settings import BedrockCustomization, Settings

_MAPPING = "BedrockGeographies"
_PREFIX = "prefix"
_NUMBER = "number"


def substitute(
    scope: Construct, template: str, by_geography: Mapping[str, Mapping[str, float]] = MappingProxyType({})
) -> str:
    """`template` with the open references of its model ids filled in (see `Model.converse_model_id`).

    Names of `by_geography` are references too; each is the number of the geography that the stack is deployed to.
    """
    values = {name: _in_region(scope, name, numbers) for name, numbers in by_geography.items()}
    if "${BedrockGeography}" in template:
        values["BedrockGeography"] = _geography(scope)
    return cdk.Fn.sub(template, values or None)


def model_arns(scope: Construct, models: Iterable[Model]) -> list[str]:
    """Resources of a statement on `bedrock:InvokeModel` that allows `models` and no other, each once.

    Converse needs the same action. A model without a Bedrock id (the extractive baseline) needs none.
    """
    return [arn for model in dict.fromkeys(models) if model.model_id for arn in _arns(scope, model)]


def _arns(scope: Construct, model: Model) -> list[str]:
    stack = cdk.Stack.of(scope)
    partition, region, account = stack.partition, stack.region, stack.account
    assert model.model_id is not None
    if model.platform == "bedrock-import":
        return [arns.imported_model(partition, region, account, model.model_id)]
    if model.inference_profile:
        prefix = "global" if model.inference_profile == "global" else _geography(scope)
        return [
            arns.inference_profile(partition, region, account, f"{prefix}.{model.model_id}"),
            # The profile may hand the request to any of its regions, which depend on the region of the stack.
            arns.foundation_model(partition, arns.EVERY_REGION, model.model_id),
        ]
    return [arns.foundation_model(partition, region, model.model_id)]


def in_account(kind: str) -> str:
    """Any of a kind of the account's own things on Bedrock, which makes up what their ARNs end in."""
    return f"arn:{cdk.Aws.PARTITION}:bedrock:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{kind}/*"


def custom_models(bedrock: BedrockCustomization) -> str:
    """Any customized model of the account that is served as the settings say."""
    kinds = {"on-demand": "custom-model-deployment", "provisioned": "provisioned-model"}
    return in_account(kinds[bedrock.serving])


def of_this_workflow(settings: Settings) -> dict[str, dict[str, str]]:
    """The condition that a thing on Bedrock bears the workflow's tags: its ARN says nothing of whose it is.

    What does not exist bears none, and is then denied instead of not found.
    """
    return {"StringEquals": {f"aws:ResourceTag/{name}": value for name, value in workflow_tags(settings).items()}}


def tagged_for_this_workflow(settings: Settings) -> dict[str, dict[str, str]]:
    """The condition that a request tags what it makes as the workflow's own."""
    return {"StringEquals": {f"aws:RequestTag/{name}": value for name, value in workflow_tags(settings).items()}}


def allow_custom_models(
    role: iam.Role,
    settings: Settings,
    bedrock: BedrockCustomization,
    *,
    key: kms.IKey,
    asking: Sequence[str] = ("bedrock:InvokeModel",),
) -> None:
    """Let a role ask the models that the workflow has customized, which are encrypted with `key`."""
    allow(role, asking, [custom_models(bedrock)], conditions=of_this_workflow(settings))
    allow(role, _ASKING, [key.key_arn], conditions=through_service("bedrock"))


CUSTOMIZING = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""What Bedrock does with the key of a custom model, in the name of whoever has the model made."""
# In the name of whoever asks the model: a grant would outlast the request.
_ASKING = ("kms:Decrypt", "kms:GenerateDataKey")


def _in_region(scope: Construct, name: str, numbers: Mapping[str, float]) -> str:
    """The number of the geography of the region that the stack is deployed to."""
    mapping = cdk.CfnMapping(
        cdk.Stack.of(scope),
        f"By{name}",
        mapping={region: {_NUMBER: repr(numbers[geography])} for region, geography in sorted(GEOGRAPHIES.items())},
    )
    return mapping.find_in_map(cdk.Aws.REGION, _NUMBER)


def _geography(scope: Construct) -> str:
    """`eu` in `eu-west-1`: the prefix of the inference profiles of the region that the stack is deployed to."""
    stack = cdk.Stack.of(scope)
    mapping = stack.node.try_find_child(_MAPPING) or cdk.CfnMapping(
        stack, _MAPPING, mapping={region: {_PREFIX: prefix} for region, prefix in sorted(GEOGRAPHIES.items())}
    )
    assert isinstance(mapping, cdk.CfnMapping)
    return mapping.find_in_map(cdk.Aws.REGION, _PREFIX)
