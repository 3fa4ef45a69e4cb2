"""Step 4, the gateway: a REST API in front of whatever model is approved."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from cdk_app.constructs.api import add_post, rest_api
from cdk_app.constructs.bedrock import allow_custom_models, model_arns
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, read_objects, read_parameter
from cdk_app.constructs.names import resource_name
from cdk_app.nag import acknowledge
from cdk_app.settings import Settings
from stacks.foundation import Foundation

TIMEOUT = cdk.Duration.seconds(29)
"""As long as API Gateway waits for an answer."""

_SAMPLING = {
    "max_tokens": "Most tokens of the answer; fewer than the deployed limit.",
    "temperature": "How freely the model writes; 0 always takes the likeliest word.",
}
_SUMMARIZE = {"text": "The text to summarize.", **_SAMPLING}
_GENERATE = {
    "prompt": "What to answer; or give `messages`.",
    "messages": "A conversation that ends with the user's turn: a list of {role, content}.",
    **_SAMPLING,
}


class Gateway(cdk.Stack):
    """`POST /v1/summarize`, `POST /v1/generate` and `GET /v1/models`, authorized and throttled."""

    api: apigateway.RestApi
    handler: PythonFunction

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        endpoint_name: str,
    ) -> None:
        super().__init__(scope, construct_id, description="Fourfold, step 4: the API in front of the approved model.")
        self._settings = settings
        self.handler = self._make_handler(foundation)
        self._allow_models(foundation, endpoint_name)
        self.api = self._make_api(foundation)
        cdk.CfnOutput(self, "ApiUrl", value=self.api.url)
        cdk.CfnOutput(self, "RestApiId", value=self.api.rest_api_id)

    def _make_handler(self, foundation: Foundation) -> PythonFunction:
        settings = self._settings
        return PythonFunction(
            self,
            "Handler",
            name="gateway",
            description="Answers requests with the approved model.",
            key=foundation.key,
            environment={
                "TARGET_PARAMETER": foundation.approved_target.parameter_name,
                "TASK_INSTRUCTION": settings.task.instruction,
                "MAX_INPUT_CHARACTERS": str(settings.gateway.max_input_characters),
                "MAX_OUTPUT_TOKENS": str(settings.serving.max_output_tokens),
                "MODELS_BUCKET": foundation.models_bucket.bucket_name,
                "SERVICE_NAME": resource_name(settings),
            },
            timeout=TIMEOUT,
            memory_mb=512,
        )

    def _allow_models(self, foundation: Foundation, endpoint_name: str) -> None:
        """Any model that a run may choose: the tuned one on its endpoint, or a candidate on Bedrock."""
        role = self.handler.role
        read_parameter(role, foundation.approved_target)
        endpoint = f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:endpoint/{endpoint_name}"
        allow(role, ["sagemaker:InvokeEndpoint"], [endpoint])
        models = [*self._settings.candidate_models]
        if self._settings.embedding_model and self._settings.selection.searches_by_embeddings:
            models.append(self._settings.embedding_model)
        if arns := model_arns(self, models):
            allow(role, ["bedrock:InvokeModel"], arns)
        if (bedrock := self._settings.tuning.bedrock) is not None:
            allow_custom_models(role, self._settings, bedrock, key=foundation.key)
        # A few-shot candidate's examples, or the passages of one with retrieval, lie with its result.
        read_objects(role, foundation.models_bucket, "run=*/candidates/*", key=foundation.key)

    def _make_api(self, foundation: Foundation) -> apigateway.RestApi:
        api = rest_api(
            self,
            "Api",
            name=resource_name(self._settings),
            description="The approved model, behind one address that stays the same.",
            settings=self._settings.gateway,
            key=foundation.key,
        )
        integration = apigateway.LambdaIntegration(self.handler.function)
        version = api.root.add_resource("v1")
        add_post(
            api,
            version.add_resource("summarize"),
            integration,
            model_name="Summarize",
            fields=_SUMMARIZE,
        )
        add_post(
            api,
            version.add_resource("generate"),
            integration,
            model_name="Generate",
            fields=_GENERATE,
        )
        version.add_resource("models").add_method("GET", integration)
        if self._settings.gateway.authorization == "none":
            acknowledge(api, "APIG4", "The settings open the API to everyone; in `prod` they may not.")
        return api
