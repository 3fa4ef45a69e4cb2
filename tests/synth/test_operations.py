"""Operations: whoever is on call hears of failures, and the account's owner of its costs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.settings import Settings
from lambdas.gateway.telemetry import UNITS
from tests.synth.templates import Template, everywhere, properties, resources, text


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Operations"]


def alarm(template: Template, name: str) -> dict[str, Any]:
    (found,) = (
        body["Properties"]
        for logical_id, body in resources(template, "AWS::CloudWatch::Alarm").items()
        if logical_id.startswith(name)
    )
    return dict(found)


def test_every_alarm_notifies_and_says_what_it_means(templates: dict[str, Template]) -> None:
    alarms = list(everywhere(templates, "AWS::CloudWatch::Alarm"))
    assert len(alarms) == 8
    for place, body in alarms:
        (action,) = body["Properties"]["AlarmActions"]
        assert "Notifications" in text(action), place
        assert body["Properties"]["AlarmDescription"], place
        assert body["Properties"]["TreatMissingData"] == "notBreaching", place


@pytest.mark.parametrize(("name", "metric"), [("RunFailed", "ExecutionsFailed"), ("RunTimedOut", "ExecutionsTimedOut")])
def test_a_run_that_ends_badly_rings_at_once(template: Template, name: str, metric: str) -> None:
    failed = alarm(template, name)
    assert (failed["MetricName"], failed["Threshold"], failed["EvaluationPeriods"]) == (metric, 1, 1)
    assert "StateMachine" in text(failed["Dimensions"][0]["Value"])


def test_errors_and_slowness_of_the_api_ring(template: Template) -> None:
    assert alarm(template, "ApiErrors")["MetricName"] == "5XXError"
    first = alarm(template, "FirstToken")
    assert (first["Namespace"], first["MetricName"], first["ExtendedStatistic"]) == (
        "Fourfold",
        "FirstTokenLatency",
        "p95",
    )
    assert alarm(template, "ModelThrottles")["MetricName"] == "Throttles"


def test_an_hour_that_takes_half_of_a_days_budget_rings(template: Template, settings: Settings) -> None:
    costs = alarm(template, "AnswersCost")
    assert settings.gateway.budget.usd_per_day is not None
    assert (costs["MetricName"], costs["Period"], costs["Threshold"]) == (
        "CostUsd",
        3600,
        settings.gateway.budget.usd_per_day / 2,
    )


def test_the_budget_is_the_settings_and_warns_before_it_is_spent(template: Template, settings: Settings) -> None:
    budget = properties(template, "AWS::Budgets::Budget")
    limit = budget["Budget"]
    assert limit["BudgetLimit"] == {"Amount": settings.budget.monthly_usd, "Unit": "USD"}
    assert limit["TimeUnit"] == "MONTHLY"
    assert "CostFilters" not in limit
    warnings = budget["NotificationsWithSubscribers"]
    assert [warning["Notification"]["Threshold"] for warning in warnings] == [80, 100]
    for warning in warnings:
        (subscriber,) = warning["Subscribers"]
        assert subscriber["SubscriptionType"] == "SNS"
        assert "Notifications" in text(subscriber["Address"])


def test_the_dashboard_shows_runs_api_and_endpoint(template: Template) -> None:
    parts = properties(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else "token" for part in parts)
    widgets = json.loads(body)["widgets"]
    titles = {widget["properties"]["title"] for widget in widgets}
    assert {"Alarms", "Runs", "API requests", "API latency", "Endpoint", "Model latency"} <= titles
    assert {"First token", "Tokens", "Answers from the cache", "Cost of answers (US dollars)"} <= titles


def test_what_is_shown_of_the_gateway_are_metrics_that_it_writes(template: Template) -> None:
    parts = properties(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    widgets = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))["widgets"]
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", ())]
    shown = {metric[1] for metric in metrics if metric[0] == "Fourfold"}
    rung = {
        body["Properties"]["MetricName"]
        for body in resources(template, "AWS::CloudWatch::Alarm").values()
        if body["Properties"].get("Namespace") == "Fourfold"
    }
    assert shown
    assert shown | rung <= set(UNITS)
