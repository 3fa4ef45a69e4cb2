"""Analytics: questions to what preparation reads and writes, through Athena, and through Redshift where asked for."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.constructs.bucket import data_bucket
from cdk_app.constructs.catalog import CURATED_TABLE, QUARANTINE_TABLE
from cdk_app.constructs.names import resource_name
from cdk_app.constructs.queries import NamedQueries
from cdk_app.constructs.warehouse import Warehouse
from cdk_app.settings import Settings
from stacks.foundation import Foundation

_QUERIES = Path(__file__).parent / "queries"
# Whoever wants to keep a result copies it: it holds the users' texts.
_RESULTS_DAYS = 7
# At 5 USD a TB the dearest query costs 5 cents; a run of some million records is a tenth of it.
_MOST_BYTES = 10 * 1000**3


class Analytics(cdk.Stack):
    """Athena's workgroup with the named queries, the bucket for their results, and the warehouse where asked for.

    `workgroup_name` is a plain string, known at synthesis.
    """

    workgroup_name: str
    results_bucket: s3.Bucket

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation, database_name: str
    ) -> None:
        super().__init__(scope, construct_id, description="Fourfold: queries over prepared and rejected data.")
        self.workgroup_name = resource_name(settings, "analytics")
        self.results_bucket = data_bucket(
            self,
            "QueryResultsBucket",
            key=foundation.key,
            logs=foundation.logs_bucket,
            removal_policy=cdk.RemovalPolicy.DESTROY,  # results are made anew from what the other buckets hold
            expire_after_days=_RESULTS_DAYS,
        )
        NamedQueries(
            self,
            "Queries",
            name=self.workgroup_name,
            database=database_name,
            results=self.results_bucket,
            key=foundation.key,
            most_bytes=_MOST_BYTES,
            folder=_QUERIES,
        )
        if settings.analytics.redshift:
            self._make_warehouse(settings, foundation, database_name)
        cdk.CfnOutput(self, "QueryResultsBucketName", value=self.results_bucket.bucket_name)
        cdk.CfnOutput(self, "AthenaWorkGroupName", value=self.workgroup_name)

    def _make_warehouse(self, settings: Settings, foundation: Foundation, database_name: str) -> None:
        name = resource_name(settings, "analytics")
        warehouse = Warehouse(
            self,
            "Warehouse",
            name=name,
            database=database_name,
            tables={CURATED_TABLE: foundation.curated_bucket, QUARANTINE_TABLE: foundation.quarantine_bucket},
            key=foundation.key,
            rpu_hours_a_day=settings.analytics.redshift_rpu_hours,
        )
        cdk.CfnOutput(self, "RedshiftWorkgroupName", value=name)
        cdk.CfnOutput(self, "RedshiftRoleArn", value=warehouse.role.role_arn)
