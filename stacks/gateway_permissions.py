"""What the gateway's function may do: ask the models, keep what is each caller's own, and look at the workflow."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from cdk_app.constructs.bedrock import allow_custom_models, model_arns
from cdk_app.constructs.gateway_table import use_items
from cdk_app.constructs.grants import allow, delete_objects, read_objects, read_parameter, write_objects
from cdk_app.settings import Settings
from stacks.foundation import Foundation

FEEDBACK = "feedback/"
"""Prefix in the raw bucket of what users thought of answers: a data set that a later run can train on."""

INDEXES, ORIGINALS = "lexical/*", "originals/*"
"""Key patterns of the documents bucket."""

_ASK = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


def allow_gateway(
    role: iam.Role,
    settings: Settings,
    foundation: Foundation,
    *,
    endpoint_name: str,
    state_machine_arn: str,
    table: dynamodb.Table,
    documents: s3.Bucket,
) -> None:
    """Grant everything that the settings do not leave out; vectors and guardrail grant their own use."""
    _allow_models(role, settings, foundation, endpoint_name)
    _allow_stores(role, foundation, table, documents)
    allow(role, ["states:ListExecutions"], [state_machine_arn])
    read_objects(role, foundation.models_bucket, "run=*/lineage.json", key=foundation.key)


def _allow_models(role: iam.Role, settings: Settings, foundation: Foundation, endpoint_name: str) -> None:
    """Any model that a run may choose, the tuned one or a candidate, and those that are offered and embed."""
    stack = cdk.Stack.of(role)
    read_parameter(role, foundation.approved_target)
    endpoint = f"arn:{stack.partition}:sagemaker:{stack.region}:{stack.account}:endpoint/{endpoint_name}"
    allow(role, ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"], [endpoint])
    allow(role, ["sagemaker:DescribeEndpoint"], [endpoint])
    if arns := model_arns(stack, [*settings.candidate_models, *settings.offered_models]):
        allow(role, _ASK, arns)
    embedders = [settings.document_embedder]
    if settings.selection.searches_by_embeddings:
        embedders.append(settings.embedding_model)
    if arns := model_arns(stack, [model for model in embedders if model]):
        allow(role, ["bedrock:InvokeModel"], arns)
    if (bedrock := settings.tuning.bedrock) is not None:
        allow_custom_models(role, settings, bedrock, key=foundation.key, asking=_ASK)
    # A few-shot candidate's examples, or the passages of one with retrieval, lie with its result.
    read_objects(role, foundation.models_bucket, "run=*/candidates/*", key=foundation.key)


def _allow_stores(role: iam.Role, foundation: Foundation, table: dynamodb.Table, documents: s3.Bucket) -> None:
    key = foundation.key
    use_items(role, table, key=key)
    # The index of a caller's documents is changed and never deleted, an original kept and never read.
    read_objects(role, documents, INDEXES, key=key)
    for prefix in (INDEXES, ORIGINALS):
        write_objects(role, documents, prefix, key=key)
    delete_objects(role, documents, ORIGINALS)
    write_objects(role, foundation.raw_bucket, f"{FEEDBACK}*", key=key)
    delete_objects(role, foundation.raw_bucket, f"{FEEDBACK}*")
