"""What AWS Glue Data Quality needs to evaluate a ruleset on a table: a role, and who is told about it."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.constructs.grants import allow, read_objects, service_role

_LIBRARIES = "AWS keeps the libraries of its data quality there, and does not say under which keys."
_LOGS = "Glue names its groups itself; all of them begin so."


@dataclass(frozen=True)
class Evaluation:
    """A ruleset, the table that it is evaluated on, and the role that does it.

    `dataset` is the data set that the table stands for: of another one the result says nothing.
    """

    ruleset: str
    database: str
    table: str
    dataset: str
    role: iam.Role

    @property
    def ruleset_arn(self) -> str:
        """ARN of the ruleset: what every permission around it is on."""
        return _glue_arn(f"dataQualityRuleset/{self.ruleset}")


def evaluation(
    scope: Construct,
    construct_id: str,
    *,
    ruleset: str,
    database: str,
    table: str,
    bucket: s3.Bucket,
    dataset: str,
    key: kms.IKey,
) -> Evaluation:
    """Make the role that evaluates `ruleset` on the `table` over `dataset` in `bucket`; it reads, and that is all."""
    role = service_role(scope, construct_id, "glue", "Evaluates the data-quality rules on the raw data set.")
    made = Evaluation(ruleset, database, table, dataset, role)
    read_objects(role, bucket, f"{dataset}/*", key=key)
    catalogue = ["catalog", f"database/{database}", f"table/{database}/{table}"]
    allow(role, ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"], [_glue_arn(name) for name in catalogue])
    allow(
        role,
        [
            "glue:GetDataQualityResult",
            "glue:GetDataQualityRuleset",
            "glue:GetDataQualityRulesetEvaluationRun",
            "glue:PublishDataQuality",
        ],
        [made.ruleset_arn],
    )
    libraries = f"arn:{cdk.Aws.PARTITION}:s3:::aws-glue-ml-data-quality-assets-{cdk.Aws.REGION}/*"
    allow(role, ["s3:GetObject"], [libraries], reason=_LIBRARIES)
    logs = f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:log-group:/aws-glue/*"
    allow(role, ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [logs], reason=_LOGS)
    return made


def _glue_arn(resource: str) -> str:
    return f"arn:{cdk.Aws.PARTITION}:glue:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:{resource}"
