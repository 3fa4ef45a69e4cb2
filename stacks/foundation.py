"""What every step stands on: one key, five buckets, the parameters of the roll-out, the topic for news."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from cdk_app.catalogue import ENTRIES
from cdk_app.constructs.bedrock import substitute
from cdk_app.constructs.bucket import data_bucket, log_bucket
from cdk_app.constructs.key import encryption_key
from cdk_app.constructs.names import parameter_name, resource_name
from cdk_app.constructs.retention import removal_policy
from cdk_app.settings import Settings, compact_json, open_prices, run_settings, run_settings_template

NOTHING_APPROVED = "none"
"""Value of the roll-out parameters until the first approval. From then on the workflow writes them.

CloudFormation puts this value back whenever anything else about these two resources changes in the template, their
description too: that takes the approval back, and the endpoint goes with the serving stack's next update."""

CHECKPOINTS = "checkpoints/"
"""Prefix in the models bucket under which a training job keeps what it would go on from."""

CUSTOMIZATION = "customization/"
"""Prefix in the models bucket for what jobs on Bedrock read and write, by run: Bedrock takes no address with a `=`."""

# Longer than a job may wait for spot instances, which is ten days.
_CHECKPOINT_DAYS = 15


class Foundation(cdk.Stack):
    """Key, buckets, parameters and topic, with the access that all of them refuse."""

    key: kms.IKey
    raw_bucket: s3.Bucket
    curated_bucket: s3.Bucket
    quarantine_bucket: s3.Bucket
    models_bucket: s3.Bucket
    logs_bucket: s3.Bucket
    notifications: sns.Topic
    run_settings: ssm.StringParameter
    run_bounds: ssm.StringParameter
    approved_model_data_url: ssm.StringParameter
    approved_target: ssm.StringParameter

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Fourfold: key, buckets, parameters and notifications.",
            termination_protection=settings.environment == "prod",
        )
        self._settings = settings
        self.key = encryption_key(
            self,
            "Key",
            alias=f"alias/{resource_name(settings)}",
            removal_policy=removal_policy(settings),
            nova_throughput=_buys_nova_throughput(settings),
        )
        self._make_buckets()
        self._make_parameters()
        self.notifications = self._make_topic()

    def _make_buckets(self) -> None:
        self.logs_bucket = log_bucket(self, "LogsBucket", removal_policy=removal_policy(self._settings))
        retention_days = self._settings.data.retention_days
        self.raw_bucket = self._bucket("Raw")
        self.curated_bucket = self._bucket("Curated", retention_days)
        self.quarantine_bucket = self._bucket("Quarantine", retention_days)
        self.models_bucket = self._bucket("Models")
        self.models_bucket.add_lifecycle_rule(
            id="checkpoints",
            prefix=CHECKPOINTS,
            expiration=cdk.Duration.days(_CHECKPOINT_DAYS),
            # Each checkpoint replaces the last but one.
            noncurrent_version_expiration=cdk.Duration.days(1),
        )
        # Copies of curated records: kept no longer than these.
        self.models_bucket.add_lifecycle_rule(
            id="customization",
            prefix=CUSTOMIZATION,
            expiration=cdk.Duration.days(retention_days),
            noncurrent_version_expiration=cdk.Duration.days(1),
        )
        if self._settings.data.trigger_on_new_data:
            _send_events(self.raw_bucket)

    def _bucket(self, name: str, expire_after_days: int | None = None) -> s3.Bucket:
        bucket = data_bucket(
            self,
            f"{name}Bucket",
            key=self.key,
            logs=self.logs_bucket,
            removal_policy=removal_policy(self._settings),
            expire_after_days=expire_after_days,
        )
        cdk.CfnOutput(self, f"{name}BucketName", value=bucket.bucket_name)
        return bucket

    def _make_parameters(self) -> None:
        self.run_settings = self._parameter(
            "RunSettings",
            "run-settings",
            "Settings that a run starts from.",
            substitute(self, run_settings_template(self._settings), open_prices(self._settings)),
        )
        self.run_bounds = self._parameter(
            "RunBounds",
            "run-bounds",
            "The bounds within which a run may override the settings that it starts from.",
            compact_json(run_settings(self._settings)["bounds"]),
        )
        self.approved_model_data_url = self._parameter(
            "ApprovedModelDataUrl",
            "approved/model-data-url",
            "S3 address of the approved model's artefact; the serving stack reads it.",
            NOTHING_APPROVED,
        )
        self.approved_target = self._parameter(
            "ApprovedTarget",
            "approved/target",
            "JSON that says which model answers requests; the gateway reads it.",
            NOTHING_APPROVED,
        )

    def _parameter(self, construct_id: str, path: str, description: str, value: str) -> ssm.StringParameter:
        return ssm.StringParameter(
            self,
            construct_id,
            parameter_name=parameter_name(self._settings, path),
            description=description,
            string_value=value,
        )

    def _make_topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Notifications", master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsAndBudgetsOfThisAccount",
                principals=[
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("budgets.amazonaws.com"),
                ],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        if email := self._settings.budget.notify_email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        elif self._settings.approval == "manual":
            cdk.Annotations.of(topic).add_warning_v2(
                "fourfold:NobodyHears",
                "approval is manual and budget.notify_email names nobody: subscribe to the topic of the output "
                "NotificationTopicArn, or requests for approval reach nobody.",
            )
        cdk.CfnOutput(self, "NotificationTopicArn", value=topic.topic_arn)
        return topic


def _buys_nova_throughput(settings: Settings) -> bool:
    bedrock = settings.tuning.bedrock
    return bedrock is not None and bedrock.serving == "provisioned" and ENTRIES[bedrock.model].provider == "Amazon"


def _send_events(bucket: s3.Bucket) -> None:
    """Have S3 tell EventBridge of new objects. The L2's own switch does it with a custom resource."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
