"""AWS::Budgets::Budget, through the Budgets API of the emulator. No cost ever arises that it could alert to."""

from __future__ import annotations

from typing import Any

from twin import credentials
from twin.emulator import hooks

Json = dict[str, Any]


def register_budgets() -> None:
    """Provision budgets."""
    hooks.add_cfn_resource("AWS::Budgets::Budget", create=_create, update=_update, delete=_delete)


def _create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    budget = _budget(properties, hooks.physical_name(stack, logical_id, 100))
    subscribed = properties.get("NotificationsWithSubscribers", [])
    credentials.client("budgets").create_budget(
        AccountId=credentials.ACCOUNT_ID,
        Budget=budget,
        NotificationsWithSubscribers=[_typed(notification) for notification in subscribed],
    )
    return budget["BudgetName"], {}


def _update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    budget = _budget(new, physical_id)
    if budget["BudgetName"] != physical_id or old.get("NotificationsWithSubscribers") != new.get(
        "NotificationsWithSubscribers"
    ):
        _delete(physical_id, old)
        return _create(physical_id, {**new, "Budget": budget}, stack)
    credentials.client("budgets").update_budget(AccountId=credentials.ACCOUNT_ID, NewBudget=budget)
    return physical_id, {}


def _delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    credentials.client("budgets").delete_budget(AccountId=credentials.ACCOUNT_ID, BudgetName=physical_id)


def _budget(properties: Json, name: str) -> Json:
    budget = {"BudgetName": name, **properties["Budget"]}
    if "BudgetLimit" in budget:
        limit = budget["BudgetLimit"]
        budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    return budget


def _typed(notification: Json) -> Json:
    threshold = float(notification["Notification"]["Threshold"])
    return {**notification, "Notification": {**notification["Notification"], "Threshold": threshold}}
