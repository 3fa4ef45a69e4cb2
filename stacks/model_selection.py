"""Step 2, model selection: the functions that measure every candidate on held-out data and choose one."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.constructs.bedrock import model_arns
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, read_objects, write_objects
from cdk_app.settings import Settings
from stacks.foundation import Foundation

EVALUATION_TIMEOUT = cdk.Duration.minutes(15)
"""Lambda's limit. A candidate that is too slow for the sample ends with an error that says so."""


class ModelSelection(cdk.Stack):
    """Evaluates candidates on the curated validation split and picks the cheapest that clears the floor."""

    evaluate_candidate: lambda_.Function
    select_model: lambda_.Function

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation) -> None:
        super().__init__(scope, construct_id)
        self.evaluate_candidate = self._evaluate_candidate(settings, foundation)
        self.select_model = PythonFunction(
            self,
            "SelectModel",
            name="select_model",
            description="Chooses the cheapest candidate that clears the quality floor.",
            key=foundation.key,
        ).function

    def _evaluate_candidate(self, settings: Settings, foundation: Foundation) -> lambda_.Function:
        made = PythonFunction(
            self,
            "EvaluateCandidate",
            name="evaluate_candidate",
            description="Asks one candidate for every record of the sample, and scores the answers.",
            key=foundation.key,
            environment={
                "CURATED_BUCKET": foundation.curated_bucket.bucket_name,
                "MODELS_BUCKET": foundation.models_bucket.bucket_name,
            },
            timeout=EVALUATION_TIMEOUT,
            memory_mb=512,
        )
        # Candidates are judged on validation, and few-shot examples come from train: the test split stays unseen.
        for split in ("train", "validation"):
            read_objects(made.role, foundation.curated_bucket, f"*/run=*/{split}/*", key=foundation.key)
        # What was answered is read again, should the evaluation have to go on from there.
        read_objects(made.role, foundation.models_bucket, "run=*/candidates/*", key=foundation.key)
        write_objects(made.role, foundation.models_bucket, "run=*/candidates/*", key=foundation.key)
        if settings.asked_models:
            allow(made.role, ["bedrock:InvokeModel"], model_arns(self, settings.asked_models))
        if documents := settings.selection.documents:
            made.function.add_environment("RAW_BUCKET", foundation.raw_bucket.bucket_name)
            read_objects(made.role, foundation.raw_bucket, f"{documents.folder}/*", key=foundation.key)
        return made.function
