"""What every step stands on: one key, five buckets, the parameters of the roll-out, the topic for news."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from cdk_app.settings import Settings


class Foundation(cdk.Stack):
    """Key, buckets, parameters and topic, with the access that all of them refuse."""

    key: kms.Key
    raw_bucket: s3.Bucket
    curated_bucket: s3.Bucket
    quarantine_bucket: s3.Bucket
    models_bucket: s3.Bucket
    logs_bucket: s3.Bucket
    notifications: sns.Topic
    run_settings: ssm.StringParameter
    approved_model_data_url: ssm.StringParameter
    approved_target: ssm.StringParameter

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
