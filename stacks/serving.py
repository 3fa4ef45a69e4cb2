"""Step 4, serving: the endpoint of the approved model. Until one is approved, it does not exist.

The model's address is a CloudFormation parameter typed as an SSM parameter. To roll a model out, the workflow
writes the address there and updates this stack with its previous template: CloudFormation replaces the model
and its endpoint configuration, and SageMaker moves the endpoint over to them.

What rolls a bad update back depends on the mode. SageMaker watches `rollback_alarms` while it shifts a
real-time endpoint; a serverless endpoint it shifts at once and does not watch, so there the alarms are for
CloudFormation's roll-back triggers, and the workflow's smoke test has the last word in both.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from cdk_app.constructs.alarms import endpoint_alarms
from cdk_app.constructs.grants import allow, policy_of, read_objects, service_role
from cdk_app.constructs.images import INFERENCE_REPOSITORY, inference_image, pull_images
from cdk_app.constructs.names import parameter_name, resource_name
from cdk_app.settings import CONTEXT_TOKENS, Settings
from stacks.foundation import NOTHING_APPROVED, Foundation

MODEL_DATA_PARAMETER = "ApprovedModelDataUrl"  # CloudFormation parameter, typed as an SSM parameter's name
VARIANT = "AllTraffic"

_KEEP_OLD_FLEET_SECONDS = 300
_DEPLOYMENT_TIMEOUT_SECONDS = 3600


def container_environment() -> dict[str, str]:
    """What the container makes llama-server's flags of.

    One request at a time: by default llama.cpp lets four share the context, and refuses what then lacks room.
    """
    return {"SM_LLAMA_CPP_CTX_SIZE": str(CONTEXT_TOKENS), "SM_LLAMA_CPP_PARALLEL": "1"}


class Serving(cdk.Stack):
    """Model, endpoint configuration and endpoint, all on the condition that an approved model is named.

    `endpoint_name` is a plain string, known at synthesis: whoever names it depends on no resource of this stack.
    `rollback_alarms` exist from the start, so that an update of this stack may name them as CloudFormation
    roll-back triggers.
    """

    endpoint_name: str
    model_role: iam.Role
    rollback_alarms: list[cloudwatch.Alarm]

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation) -> None:
        super().__init__(scope, construct_id, description="Fourfold, step 4: the approved model's endpoint.")
        # The parameter's default is a name, not a reference: CDK cannot see this dependency by itself.
        self.add_stack_dependency(foundation)
        self._settings = settings
        self.endpoint_name = resource_name(settings)
        self.rollback_alarms = endpoint_alarms(self, self.endpoint_name, VARIANT, foundation.notifications)
        self.model_role = self._make_role(foundation)
        self._approved = self._make_condition()
        endpoint = self._make_endpoint(foundation)
        output = cdk.CfnOutput(self, "EndpointName", value=endpoint.attr_endpoint_name)
        output.condition = self._approved

    def _make_condition(self) -> cdk.CfnCondition:
        self._model_data_url = cdk.CfnParameter(
            self,
            MODEL_DATA_PARAMETER,
            type="AWS::SSM::Parameter::Value<String>",
            default=parameter_name(self._settings, "approved/model-data-url"),
            description="SSM parameter with the S3 address of the approved model's artefact.",
        )
        return cdk.CfnCondition(
            self,
            "HasApprovedModel",
            expression=cdk.Fn.condition_not(
                cdk.Fn.condition_equals(self._model_data_url.value_as_string, NOTHING_APPROVED)
            ),
        )

    def _make_role(self, foundation: Foundation) -> iam.Role:
        description = "The approved model's container: its image, its artefact, its log."
        role = service_role(self, "ModelRole", "sagemaker", description)
        pull_images(role, INFERENCE_REPOSITORY)
        read_objects(role, foundation.models_bucket, "run=*", key=foundation.key)
        log_group = f"/aws/sagemaker/Endpoints/{self.endpoint_name}"
        allow(
            role,
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{log_group}:*"],
            reason="SageMaker names the log streams; the pattern ends at the endpoint's own log group.",
        )
        return role

    def _make_endpoint(self, foundation: Foundation) -> sagemaker.CfnEndpoint:
        model = self._make_model()
        configuration = sagemaker.CfnEndpointConfig(
            self,
            "EndpointConfig",
            production_variants=[self._variant(model.attr_model_name)],
            kms_key_id=foundation.key.key_arn,
        )
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=self.endpoint_name,
            endpoint_config_name=configuration.attr_endpoint_config_name,
            deployment_config=None if self._serverless else self._guarded_deployment(),
        )
        for resource in (model, configuration, endpoint):
            resource.cfn_options.condition = self._approved
        return endpoint

    def _make_model(self) -> sagemaker.CfnModel:
        """A model without a name of its own, so that CloudFormation can make the new one before the old one goes."""
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.model_role.role_arn,
            # A serverless endpoint refuses network isolation.
            enable_network_isolation=not self._serverless,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=inference_image(self),
                model_data_url=self._model_data_url.value_as_string,
                environment=container_environment(),
            ),
        )
        model.node.add_dependency(
            policy_of(self.model_role)
        )  # the role may read the artefact before SageMaker asks for it
        return model

    @property
    def _serverless(self) -> bool:
        return self._settings.serving.mode == "serverless"

    def _variant(self, model_name: str) -> sagemaker.CfnEndpointConfig.ProductionVariantProperty:
        serving = self._settings.serving
        if self._serverless:
            return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                variant_name=VARIANT,
                model_name=model_name,
                serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                    max_concurrency=serving.max_concurrency, memory_size_in_mb=serving.memory_mb
                ),
            )
        return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=model_name,
            initial_variant_weight=1,
            instance_type=serving.instance_type,
            initial_instance_count=serving.instance_count,
        )

    def _guarded_deployment(self) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
        """Shift to a new fleet, watch the alarms for a while, go back to the old fleet if one rings."""
        return sagemaker.CfnEndpoint.DeploymentConfigProperty(
            blue_green_update_policy=sagemaker.CfnEndpoint.BlueGreenUpdatePolicyProperty(
                traffic_routing_configuration=sagemaker.CfnEndpoint.TrafficRoutingConfigProperty(
                    type="ALL_AT_ONCE", wait_interval_in_seconds=_KEEP_OLD_FLEET_SECONDS
                ),
                termination_wait_in_seconds=0,
                maximum_execution_timeout_in_seconds=_DEPLOYMENT_TIMEOUT_SECONDS,
            ),
            auto_rollback_configuration=sagemaker.CfnEndpoint.AutoRollbackConfigProperty(
                alarms=[
                    sagemaker.CfnEndpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in self.rollback_alarms
                ]
            ),
        )
