"""Alarms that send to the topic. No data is no alarm: what is not used, or does not exist yet, is not broken."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

_MINUTE = cdk.Duration.minutes(1)
_SLOWEST_ANSWER_SECONDS = 30


def notifying_alarm(
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.IMetric,
    *,
    threshold: float,
    periods: int = 1,
    meaning: str,
    topic: sns.Topic,
) -> cloudwatch.Alarm:
    """An alarm that rings when `metric` is at `threshold` or above for `periods` in a row; `meaning` is its text."""
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=meaning,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm


def endpoint_metric(
    endpoint_name: str, variant: str, name: str, statistic: str, period: cdk.Duration = _MINUTE
) -> cloudwatch.Metric:
    """A metric that SageMaker publishes for one variant of an endpoint."""
    return cloudwatch.Metric(
        namespace="AWS/SageMaker",
        metric_name=name,
        dimensions_map={"EndpointName": endpoint_name, "VariantName": variant},
        statistic=statistic,
        period=period,
    )


def gateway_metric(service: str, name: str, statistic: str, period: cdk.Duration = _MINUTE) -> cloudwatch.Metric:
    """A metric that the gateway's function writes into its log (`lambdas/gateway/telemetry.py`)."""
    return cloudwatch.Metric(
        namespace="Fourfold",
        metric_name=name,
        dimensions_map={"Service": service},
        statistic=statistic,
        period=period,
    )


def endpoint_alarms(scope: Construct, endpoint_name: str, variant: str, topic: sns.Topic) -> list[cloudwatch.Alarm]:
    """Errors and slowness of an endpoint, either of which says that what was rolled out is bad."""
    return [
        notifying_alarm(
            scope,
            "EndpointErrors",
            endpoint_metric(endpoint_name, variant, "Invocation5XXErrors", cloudwatch.Stats.SUM),
            threshold=1,
            periods=2,
            meaning=f"Endpoint {endpoint_name}: the model answers with errors.",
            topic=topic,
        ),
        notifying_alarm(
            scope,
            "EndpointLatency",
            # In microseconds.
            endpoint_metric(endpoint_name, variant, "ModelLatency", cloudwatch.Stats.percentile(90)),
            threshold=_SLOWEST_ANSWER_SECONDS * 1_000_000,
            periods=3,
            meaning=f"Endpoint {endpoint_name}: one answer in ten takes {_SLOWEST_ANSWER_SECONDS} s or longer.",
            topic=topic,
        ),
    ]
