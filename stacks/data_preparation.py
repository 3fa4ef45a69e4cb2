"""Step 1, data preparation: the Glue job that turns raw text into curated splits, and the tables over both."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk_app.settings import Settings
from stacks.foundation import Foundation


class DataPreparation(cdk.Stack):
    """Glue job, database, tables and data-quality ruleset."""

    job_name: str
    job_role: iam.Role
    database_name: str

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation
    ) -> None:
        super().__init__(scope, construct_id)
