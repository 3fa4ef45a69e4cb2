"""Step 4, the gateway: a REST API in front of the approved model and of those that are offered beside it.

One function answers all of it, and streams. Who calls is established by API Gateway, each kind of caller under a root
of its own: services under `/v1`, the page's users under `/api/v1`, partners under `/partners/v1`.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.assets import gateway_folder
from cdk_app.constructs.api import rest_api
from cdk_app.constructs.bucket import data_bucket
from cdk_app.constructs.firewall import firewall
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.gateway_table import gateway_table
from cdk_app.constructs.guardrail import Guardrail
from cdk_app.constructs.names import resource_name
from cdk_app.constructs.partners import partner_authorizer, usage_plan
from cdk_app.constructs.retention import removal_policy
from cdk_app.constructs.routes import add_open, add_partners, add_services, add_users, streaming
from cdk_app.constructs.search_collection import SearchCollection
from cdk_app.constructs.user_pool import user_pool
from cdk_app.constructs.vector_index import VectorIndex
from cdk_app.constructs.web_function import web_function
from cdk_app.nag import acknowledge
from cdk_app.settings import Settings
from stacks.foundation import Foundation
from stacks.gateway_permissions import FEEDBACK, allow_gateway
from stacks.gateway_settings import archived_settings, dimensions, models_in_region

NOT_FILTERABLE = ("text", "name", "passage")
"""What comes along with a passage's vector, and is never asked for by a filter."""
_MEMORY_MB = 512


class Gateway(cdk.Stack):
    """The API, the function behind it, and what it keeps: a table, documents and, where they are embedded, vectors.

    `users` is None where there is no page. `state_machine_arn` is a string that is known before the machine exists.
    """

    api: apigateway.RestApi
    handler: PythonFunction
    table: dynamodb.Table
    documents: s3.Bucket
    users: cognito.UserPool | None

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        endpoint_name: str,
    ) -> None:
        super().__init__(scope, construct_id, description="Fourfold, step 4: the API in front of the models.")
        self._settings = settings
        self._foundation = foundation
        self._removal = removal_policy(settings)
        self._timeout = cdk.Duration.seconds(settings.gateway.timeout_seconds)
        self._state_machine = (
            f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{resource_name(settings)}"
        )
        self._make_stores()
        self._guardrail = self._make_guardrail()
        self.handler = self._make_handler()
        self._allow(endpoint_name)
        self.api = self._make_api()
        self.users = self._make_roots()
        self._make_firewall()
        cdk.CfnOutput(self, "ApiUrl", value=self.api.url)
        cdk.CfnOutput(self, "RestApiId", value=self.api.rest_api_id)
        if self.users is not None:
            cdk.CfnOutput(self, "UserPoolId", value=self.users.user_pool_id)

    def _make_stores(self) -> None:
        base = self._foundation
        self.table = gateway_table(self, key=base.key, removal_policy=self._removal)
        self.documents = data_bucket(
            self, "DocumentsBucket", key=base.key, logs=base.logs_bucket, removal_policy=self._removal
        )
        cdk.CfnOutput(self, "DocumentsBucketName", value=self.documents.bucket_name)
        self._vectors = self._make_vectors()

    def _make_vectors(self) -> VectorIndex | SearchCollection | None:
        settings, key = self._settings, self._foundation.key
        embedder, wanted = settings.document_embedder, settings.gateway.embeddings
        if embedder is None or wanted is None:
            return None
        # Vectors of two models do not compare, even where they are of one length.
        name, dimension = f"passages-{embedder.key}", dimensions(embedder)
        if wanted.vector_store == "opensearch-serverless":
            return SearchCollection(
                self,
                "Search",
                name=resource_name(settings),
                index_name=name,
                dimension=dimension,
                key=key,
                standby=settings.environment == "prod",
            )
        return VectorIndex(
            self,
            "Vectors",
            dimension=dimension,
            not_filterable=NOT_FILTERABLE,
            name=name,
            key=key,
            removal_policy=self._removal,
        )

    def _make_guardrail(self) -> Guardrail | None:
        wanted = self._settings.gateway.guardrail
        if wanted is None:
            return None
        name = resource_name(self._settings)
        return Guardrail(self, "Guardrail", name=name, settings=wanted, key=self._foundation.key)

    def _make_handler(self) -> PythonFunction:
        return web_function(
            self,
            "Handler",
            name="gateway",
            description="Answers requests with the approved model, or with one that is offered beside it.",
            folder=gateway_folder(archived_settings(self._settings)),
            key=self._foundation.key,
            environment=self._environment(),
            timeout=self._timeout,
            memory_mb=_MEMORY_MB,
        )

    def _environment(self) -> dict[str, str]:
        base = self._foundation
        environment = {
            "TARGET_PARAMETER": base.approved_target.parameter_name,
            "MODELS_BUCKET": base.models_bucket.bucket_name,
            "SERVICE_NAME": resource_name(self._settings),
            "STATE_MACHINE_ARN": self._state_machine,
            "GATEWAY_MODELS": models_in_region(self, self._settings),
            # A model may take all of the time that an answer has.
            "MODEL_TIMEOUT_SECONDS": str(self._settings.gateway.timeout_seconds),
            "GATEWAY_TABLE": self.table.table_name,
            "DOCUMENTS_BUCKET": self.documents.bucket_name,
            "FEEDBACK_BUCKET": base.raw_bucket.bucket_name,
            "FEEDBACK_PREFIX": FEEDBACK,
        }
        if self._vectors:
            environment |= self._vectors.environment
        if self._guardrail:
            environment |= {
                "GUARDRAIL_ID": self._guardrail.identifier,
                "GUARDRAIL_VERSION": self._guardrail.version,
            }
        return environment

    def _allow(self, endpoint_name: str) -> None:
        allow_gateway(
            self.handler.role,
            self._settings,
            self._foundation,
            endpoint_name=endpoint_name,
            state_machine_arn=self._state_machine,
            table=self.table,
            documents=self.documents,
        )
        for used in (self._vectors, self._guardrail):
            if used:
                used.use(self.handler.role)

    def _make_api(self) -> apigateway.RestApi:
        return rest_api(
            self,
            "Api",
            name=resource_name(self._settings),
            description="The models, behind one address that stays the same.",
            settings=self._settings.gateway,
            key=self._foundation.key,
        )

    def _make_roots(self) -> cognito.UserPool | None:
        gateway, users = self._settings.gateway, None
        integration = streaming(self.handler.function, self._timeout)
        add_open(self.api, integration)
        add_services(self.api, integration, gateway.authorization)
        if gateway.page:
            users = user_pool(self, "Users", settings=self._settings, removal_policy=self._removal)
            authorizer = apigateway.CognitoUserPoolsAuthorizer(
                self,
                "SignedIn",
                cognito_user_pools=[users],
                # A token that has expired counts no longer, not even where it was good a moment ago.
                results_cache_ttl=cdk.Duration.seconds(0),
            )
            add_users(self.api, integration, authorizer)
        if gateway.partners:
            add_partners(self.api, integration, partner_authorizer(self, key=self._foundation.key))
            usage_plan(self, self.api, gateway.partners, name=resource_name(self._settings))
        return users

    def _make_firewall(self) -> None:
        wanted = self._settings.gateway.firewall
        if wanted is None:
            reason = "A firewall bills every month, for an idle API too; `gateway.firewall` is there for who wants it."
            acknowledge(self.api, "APIG3", reason)
            return
        firewall(
            self,
            "Firewall",
            stage=self.api.deployment_stage,
            name=resource_name(self._settings),
            requests_per_5_minutes=wanted.requests_per_5_minutes,
        )
