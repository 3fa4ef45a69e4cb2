"""Everything that exists in an emulator's account, asked of every service's own List operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore import xform_name

from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID

Json = dict[str, Any]

# service, operation, the member of its answer that holds the list, the member of an entry that names it, arguments
LISTINGS: list[tuple[str, str, str, str, Json]] = [
    ("apigateway", "GetRestApis", "items", "name", {}),
    ("apigateway", "GetApiKeys", "items", "name", {}),
    ("apigateway", "GetUsagePlans", "items", "name", {}),
    ("athena", "ListWorkGroups", "WorkGroups", "Name", {}),
    ("budgets", "DescribeBudgets", "Budgets", "BudgetName", {"AccountId": ACCOUNT_ID}),
    ("cloudformation", "DescribeStacks", "Stacks", "StackName", {}),
    ("cloudformation", "ListExports", "Exports", "Name", {}),
    ("cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName", {}),
    ("cloudwatch", "DescribeAlarms", "CompositeAlarms", "AlarmName", {"AlarmTypes": ["CompositeAlarm"]}),
    ("cloudwatch", "ListDashboards", "DashboardEntries", "DashboardName", {}),
    ("dynamodb", "ListTables", "TableNames", "", {}),
    ("ecr", "DescribeRepositories", "repositories", "repositoryName", {}),
    ("events", "ListRules", "Rules", "Name", {}),
    ("glue", "GetDatabases", "DatabaseList", "Name", {}),
    ("glue", "GetJobs", "Jobs", "Name", {}),
    ("glue", "GetSecurityConfigurations", "SecurityConfigurations", "Name", {}),
    ("iam", "ListPolicies", "Policies", "PolicyName", {"Scope": "Local"}),
    ("iam", "ListRoles", "Roles", "RoleName", {}),
    ("iam", "ListUsers", "Users", "UserName", {}),
    ("kms", "ListAliases", "Aliases", "AliasName", {}),
    ("kms", "ListKeys", "Keys", "KeyId", {}),
    ("lambda", "ListEventSourceMappings", "EventSourceMappings", "UUID", {}),
    ("lambda", "ListFunctions", "Functions", "FunctionName", {}),
    ("lambda", "ListLayers", "Layers", "LayerName", {}),
    ("logs", "DescribeLogGroups", "logGroups", "logGroupName", {}),
    ("opensearchserverless", "ListAccessPolicies", "accessPolicySummaries", "name", {"type": "data"}),
    ("opensearchserverless", "ListCollections", "collectionSummaries", "name", {}),
    ("opensearchserverless", "ListSecurityPolicies", "securityPolicySummaries", "name", {"type": "encryption"}),
    ("opensearchserverless", "ListSecurityPolicies", "securityPolicySummaries", "name", {"type": "network"}),
    ("s3", "ListBuckets", "Buckets", "Name", {}),
    ("s3vectors", "ListVectorBuckets", "vectorBuckets", "vectorBucketName", {}),
    ("sagemaker", "ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName", {}),
    ("sagemaker", "ListEndpoints", "Endpoints", "EndpointName", {}),
    ("sagemaker", "ListModelPackageGroups", "ModelPackageGroupSummaryList", "ModelPackageGroupName", {}),
    ("sagemaker", "ListModels", "Models", "ModelName", {}),
    ("sagemaker", "ListPipelines", "PipelineSummaries", "PipelineName", {}),
    ("sagemaker", "ListProcessingJobs", "ProcessingJobSummaries", "ProcessingJobName", {}),
    ("sagemaker", "ListTrainingJobs", "TrainingJobSummaries", "TrainingJobName", {}),
    ("secretsmanager", "ListSecrets", "SecretList", "Name", {}),
    ("sns", "ListSubscriptions", "Subscriptions", "SubscriptionArn", {}),
    ("sns", "ListTopics", "Topics", "TopicArn", {}),
    ("sqs", "ListQueues", "QueueUrls", "", {}),
    ("ssm", "DescribeParameters", "Parameters", "Name", {}),
    ("stepfunctions", "ListActivities", "activities", "name", {}),
    # AWS asks for a state machine's ARN; the emulator gives the executions of all, deleted ones too.
    ("stepfunctions", "ListExecutions", "executions", "executionArn", {}),
    ("stepfunctions", "ListStateMachines", "stateMachines", "name", {}),
]


def inventory(emulator: Emulator) -> set[tuple[str, str]]:
    """What exists, as pairs of a kind (`iam Roles`) and a name; an object's name is its bucket's, a slash, its key."""
    found = set(_listed(emulator, LISTINGS))
    found |= set(_inside(emulator, found, "glue DatabaseList", lambda name: [
        ("glue", "GetTables", "TableList", "Name", {"DatabaseName": name}),
    ]))  # fmt: skip
    found |= set(_inside(emulator, found, "sagemaker ModelPackageGroupSummaryList", lambda name: [
        ("sagemaker", "ListModelPackages", "ModelPackageSummaryList", "ModelPackageArn",
         {"ModelPackageGroupName": name}),
    ]))  # fmt: skip
    found |= set(_inside(emulator, found, "s3 Buckets", lambda name: [
        ("s3", "ListObjectVersions", "Versions", "Key", {"Bucket": name}),
        ("s3", "ListObjectVersions", "DeleteMarkers", "Key", {"Bucket": name}),
    ]))  # fmt: skip
    return found


def _listed(emulator: Emulator, listings: list[tuple[str, str, str, str, Json]]) -> Iterator[tuple[str, str]]:
    for service, operation, key, name, arguments in listings:
        for answer in _pages(emulator.client(service), xform_name(operation), arguments):
            for entry in answer.get(key, []):
                yield f"{service} {key}", entry[name] if name else entry


def _inside(
    emulator: Emulator,
    found: set[tuple[str, str]],
    kind: str,
    listings: Callable[[str], list[tuple[str, str, str, str, Json]]],
) -> Iterator[tuple[str, str]]:
    for holder in sorted(name for of, name in found if of == kind):
        for what, name in _listed(emulator, listings(holder)):
            yield what, name if name.startswith("arn:") else f"{holder}/{name}"


def _pages(client: Any, operation: str, arguments: Json) -> Iterator[Json]:
    if client.can_paginate(operation):
        yield from client.get_paginator(operation).paginate(**arguments)
    else:
        yield getattr(client, operation)(**arguments)
