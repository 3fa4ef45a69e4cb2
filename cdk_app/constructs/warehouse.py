"""Redshift Serverless over the catalogue's tables: closed, encrypted, of the least capacity, and with a daily limit."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_redshiftserverless as redshift
from aws_cdk import aws_s3 as s3
from aws_cdk import custom_resources as cr
from constructs import Construct

from cdk_app.constructs.grants import allow, closed_role, policy_of, read_objects
from cdk_app.constructs.network import ClosedNetwork
from cdk_app.constructs.retention import log_group

# The least that every Region has. The most is the same: a query waits, and no second workgroup is billed.
_CAPACITY_RPU = 8
_LONGEST_QUERY_S = 1800
_DATABASE = "analytics"
_LOGS = ("connectionlog", "userlog", "useractivitylog")
_NO_RESOURCE_LEVEL = "Usage limits of Redshift Serverless have no resource-level permissions."


class Warehouse(Construct):
    """Namespace, workgroup, their network, and the role that reads the tables in `database`.

    Nobody reaches the workgroup over a network: queries come through the Redshift Data API and the query editor,
    under IAM. The administrator's password is Secrets Manager's, which rotates it.

    Args:
        name: name of namespace and workgroup.
        database: the catalogue's database.
        tables: the bucket that each of its tables lies in.
        rpu_hours_a_day: after them, the workgroup runs no more queries until the next day.
    """

    role: iam.Role

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        database: str,
        tables: Mapping[str, s3.Bucket],
        key: kms.IKey,
        rpu_hours_a_day: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = self._role(database, tables, key)
        network = ClosedNetwork(self, "Network", name=name, key=key)
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=name,
            db_name=_DATABASE,
            admin_username="administrator",
            manage_admin_password=True,
            admin_password_secret_kms_key_id=key.key_arn,
            kms_key_id=key.key_arn,
            iam_roles=[self.role.role_arn],
            default_iam_role_arn=self.role.role_arn,
            log_exports=list(_LOGS),
        )
        workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=name,
            namespace_name=namespace.ref,
            base_capacity=_CAPACITY_RPU,
            max_capacity=_CAPACITY_RPU,
            publicly_accessible=False,
            enhanced_vpc_routing=True,
            subnet_ids=network.subnet_ids,
            security_group_ids=[network.security_group_id],
            config_parameters=[
                _parameter("require_ssl", "true"),
                _parameter("enable_user_activity_logging", "true"),
                _parameter("max_query_execution_time", str(_LONGEST_QUERY_S)),
            ],
        )
        self._limit(workgroup, rpu_hours_a_day, key)

    def _role(self, database: str, tables: Mapping[str, s3.Bucket], key: kms.IKey) -> iam.Role:
        here = {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
        services = ("redshift-serverless.amazonaws.com", "redshift.amazonaws.com")
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.CompositePrincipal(*(iam.ServicePrincipal(one, conditions=here) for one in services)),
            description="Reads the catalogue's tables for Redshift, and registers their partitions.",
        )
        catalogue = ["catalog", f"database/{database}", *(f"table/{database}/{table}" for table in tables)]
        prefix = f"arn:{cdk.Aws.PARTITION}:glue:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
        allow(
            role,
            [
                "glue:BatchCreatePartition",
                "glue:BatchGetPartition",
                "glue:CreatePartition",
                "glue:GetDatabase",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
            ],
            [f"{prefix}:{resource}" for resource in catalogue],
        )
        for bucket in tables.values():
            read_objects(role, bucket, "*/run=*", key=key)
        return role

    def _limit(self, workgroup: redshift.CfnWorkgroup, rpu_hours: int, key: kms.IKey) -> None:
        """The usage limit, which CloudFormation has no resource for."""
        role = iam.Role(
            self,
            "LimitRole",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Keeps the daily usage limit of the Redshift workgroup.",
        )
        verbs = ("Create", "Update", "Delete")
        actions = [f"redshift-serverless:{verb}UsageLimit" for verb in verbs]
        allow(role, actions, ["*"], reason=_NO_RESOURCE_LEVEL)
        group = log_group(self, "LimitLog", key)
        allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group.log_group_arn}:*"])
        limit = {"amount": rpu_hours, "breachAction": "deactivate"}
        identifier = cr.PhysicalResourceId.from_response("usageLimit.usageLimitId")
        known = {"usageLimitId": cr.PhysicalResourceIdReference()}
        resource = cr.AwsCustomResource(
            self,
            "Limit",
            resource_type="Custom::RedshiftUsageLimit",
            install_latest_aws_sdk=False,
            log_group=group,
            role=closed_role(role),
            on_create=_call(
                "createUsageLimit",
                {
                    **limit,
                    "resourceArn": workgroup.attr_workgroup_workgroup_arn,
                    "usageType": "serverless-compute",
                    "period": "daily",
                },
                identifier,
            ),
            on_update=_call("updateUsageLimit", {**limit, **known}, identifier),
            on_delete=_call("deleteUsageLimit", known),
        )
        resource.node.add_dependency(policy_of(role))


def _call(
    action: str, parameters: Mapping[str, object], identifier: cr.PhysicalResourceId | None = None
) -> cr.AwsSdkCall:
    return cr.AwsSdkCall(
        service="RedshiftServerless",
        action=action,
        parameters=dict(parameters),
        physical_resource_id=identifier,
        ignore_error_codes_matching="ResourceNotFoundException" if action.startswith("delete") else None,
    )


def _parameter(key: str, value: str) -> redshift.CfnWorkgroup.ConfigParameterProperty:
    return redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=key, parameter_value=value)
