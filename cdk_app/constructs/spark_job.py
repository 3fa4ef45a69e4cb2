"""A Glue Spark job whose logs, output and bookmarks are encrypted, under a role that can write its log only."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from cdk_app.assets import glue_modules, glue_script
from cdk_app.constructs.grants import allow, closed_role, read_asset, service_role
from cdk_app.constructs.retention import log_group
from cdk_app.settings import Glue

CONCURRENT_RUNS = 3


class SparkJob(Construct):
    """The job `name`. Grant what it reads and writes on `role`."""

    role: iam.Role

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.IKey,
        capacity: Glue,
        arguments: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = service_role(self, "Role", "glue", f"Glue job {name}: its data, its log, its script.")
        script, modules = glue_script(self, "Script"), glue_modules(self, "Modules")
        for asset in (script, modules):
            read_asset(self.role, asset)
        self._make_logs(name, key)
        self._allow_logging(name, key)
        glue.PySparkEtlJob(
            self,
            "Job",
            job_name=name,
            description="Turns raw text into curated splits; what it rejects goes to quarantine, with the reason.",
            glue_version=glue.GlueVersion.V5_1,
            role=closed_role(self.role),
            script=_code(script),
            extra_python_files=[_code(modules)],
            default_arguments=dict(arguments),
            worker_configuration=glue.WorkerConfiguration(
                worker_type=glue.WorkerType[capacity.worker_type.replace(".", "_")],
                number_of_workers=capacity.workers,
            ),
            timeout=cdk.Duration.minutes(capacity.timeout_minutes),
            max_concurrent_runs=CONCURRENT_RUNS,
            max_retries=0,  # the state machine retries what is worth it
            security_configuration=self._security_configuration(name, key),
            # Publishing these metrics needs cloudwatch:PutMetricData on every resource.
            enable_metrics=False,
            enable_observability_metrics=False,
        )

    def _make_logs(self, name: str, key: kms.IKey) -> None:
        """The two log groups of the job, what it prints and what Spark logs.

        Glue names them by the security configuration, which has the job's name, and by the role. Without these
        it would make groups of the same names itself: kept for ever, and left behind.
        """
        for kind in ("output", "error"):
            group = f"/aws-glue/jobs/{name}-role/{self.role.role_name}/{kind}"
            log_group(self, f"{kind.capitalize()}Log", key, name=group)

    def _allow_logging(self, name: str, key: kms.IKey) -> None:
        here = f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
        allow(
            self.role,
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
            [f"{here}:log-group:/aws-glue/jobs/{name}-role/*"],
            reason="Glue names its groups and their streams itself, below the security configuration's name.",
        )
        allow(self.role, ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])

    def _security_configuration(self, name: str, key: kms.IKey) -> glue.SecurityConfiguration:
        return glue.SecurityConfiguration(
            self,
            "Security",
            security_configuration_name=name,
            removal_policy=cdk.RemovalPolicy.DESTROY,  # kept, its name would stand in the way of the next one
            s3_encryption=glue.S3Encryption.kms(key),
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
        )


def _code(asset: s3_assets.Asset) -> glue.Code:
    bucket: s3.IBucket = asset.bucket
    return glue.Code.from_bucket(bucket, asset.s3_object_key)
