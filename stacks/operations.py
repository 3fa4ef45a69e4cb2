"""What an operator looks at and is woken by: dashboard, alarms, and the month's budget."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdk_app.constructs.alarms import endpoint_metric, gateway_metric, notifying_alarm
from cdk_app.constructs.names import resource_name
from cdk_app.settings import Settings
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.serving import VARIANT, Serving
from stacks.workflow import Workflow

_PERIOD = cdk.Duration.minutes(5)
_SLOWEST_BEGINNING_MS = 10_000
_ERRORS = 5
_THROTTLES = 20
_HOUR = cdk.Duration.hours(1)
_WARN_AT_PERCENT = (80, 100)


class Operations(cdk.Stack):
    """Dashboard, alarms that notify, and a budget."""

    dashboard: cloudwatch.Dashboard

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        serving: Serving,
        gateway: Gateway,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id, description="Fourfold: dashboard, alarms and budget.")
        self._settings = settings
        self._topic = foundation.notifications
        self._api, self._handler = gateway.api, gateway.handler.function
        self._state_machine = workflow.state_machine
        self._serving = serving
        alarms = [*self._workflow_alarms(), *self._gateway_alarms(), *serving.rollback_alarms]
        self.dashboard = self._make_dashboard(alarms)
        self._make_budget()

    def _workflow_alarms(self) -> list[cloudwatch.Alarm]:
        metrics = {
            "RunFailed": (self._state_machine.metric_failed(period=_PERIOD), "failed"),
            "RunTimedOut": (self._state_machine.metric_timed_out(period=_PERIOD), "ran out of time"),
        }
        return [
            notifying_alarm(
                self,
                construct_id,
                metric,
                threshold=1,
                meaning=f"A run of {resource_name(self._settings)} {what}; its last state says why.",
                topic=self._topic,
            )
            for construct_id, (metric, what) in metrics.items()
        ]

    def _gateway_alarms(self) -> list[cloudwatch.Alarm]:
        return [
            notifying_alarm(
                self,
                "ApiErrors",
                self._api.metric_server_error(period=_PERIOD),
                threshold=_ERRORS,
                meaning=f"The API answered {_ERRORS} requests or more in 5 minutes with an error of its own.",
                topic=self._topic,
            ),
            notifying_alarm(
                self,
                "FirstToken",
                self._gateway_metric("FirstTokenLatency", "p95"),
                threshold=_SLOWEST_BEGINNING_MS,
                periods=3,
                meaning=f"One answer in twenty begins after {_SLOWEST_BEGINNING_MS // 1000} s or later.",
                topic=self._topic,
            ),
            notifying_alarm(
                self,
                "ModelThrottles",
                self._gateway_metric("Throttles", cloudwatch.Stats.SUM),
                threshold=_THROTTLES,
                periods=3,
                meaning=f"Models refused {_THROTTLES} requests or more in 5 minutes for being too many.",
                topic=self._topic,
            ),
            *self._cost_alarm(),
        ]

    def _cost_alarm(self) -> list[cloudwatch.Alarm]:
        """An hour in which a day's budget is half spent; none where the settings bound no day."""
        limit = self._settings.gateway.budget.usd_per_day
        if limit is None:
            return []
        return [
            notifying_alarm(
                self,
                "AnswersCost",
                self._gateway_metric("CostUsd", cloudwatch.Stats.SUM, _HOUR),
                threshold=limit / 2,
                meaning=f"Answers of one hour cost {limit / 2:g} US dollars or more; {limit:g} are for the day.",
                topic=self._topic,
            )
        ]

    def _gateway_metric(self, name: str, statistic: str, period: cdk.Duration = _PERIOD) -> cloudwatch.Metric:
        return gateway_metric(resource_name(self._settings), name, statistic, period)

    def _gateway_sums(self, *names: str) -> list[cloudwatch.Metric]:
        return [self._gateway_metric(name, cloudwatch.Stats.SUM) for name in names]

    def _make_dashboard(self, alarms: list[cloudwatch.Alarm]) -> cloudwatch.Dashboard:
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=resource_name(self._settings))
        machine, api, serving = self._state_machine, self._api, self._serving
        dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", width=24, alarms=list(alarms)))
        dashboard.add_widgets(
            _graph("Runs", machine.metric_started(), machine.metric_succeeded(), machine.metric_failed()),
            _graph("Duration of a run", machine.metric_time()),
        )
        dashboard.add_widgets(
            _graph("API requests", api.metric_count(), api.metric_client_error(), api.metric_server_error()),
            _graph("API latency", *(api.metric_latency(statistic=p) for p in ("p50", "p95"))),
        )
        dashboard.add_widgets(
            _graph("First token", *(self._gateway_metric("FirstTokenLatency", p) for p in ("p50", "p95"))),
            _graph("Tokens", *self._gateway_sums("InputTokens", "OutputTokens")),
        )
        dashboard.add_widgets(
            _graph("Throttles, fallbacks and refusals", *self._gateway_sums("Throttles", "Fallbacks", "Blocked")),
            _graph("Answers from the cache", *self._gateway_sums("CacheHits", "CacheMisses")),
        )
        dashboard.add_widgets(
            _graph("Cost of answers (US dollars)", *self._gateway_sums("CostUsd")),
            _graph("Gateway errors", *self._gateway_sums("ClientErrors", "ServerErrors")),
        )
        dashboard.add_widgets(
            _graph("Endpoint", *self._endpoint_metrics(("Invocations", "Invocation4XXErrors", "Invocation5XXErrors"))),
            _graph(
                "Model latency",
                *(endpoint_metric(serving.endpoint_name, VARIANT, "ModelLatency", p, _PERIOD) for p in ("p50", "p95")),
            ),
        )
        return dashboard

    def _endpoint_metrics(self, names: tuple[str, ...]) -> list[cloudwatch.Metric]:
        endpoint = self._serving.endpoint_name
        return [endpoint_metric(endpoint, VARIANT, name, cloudwatch.Stats.SUM, _PERIOD) for name in names]

    def _make_budget(self) -> None:
        """A budget on the whole account: one filtered by tag stays at 0, in silence, until somebody activates the
        tag for cost allocation."""
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self._topic.topic_arn)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._settings.budget.monthly_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type="ACTUAL",
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for percent in _WARN_AT_PERCENT
            ],
        )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, width=12, left=list(metrics), period=_PERIOD)
