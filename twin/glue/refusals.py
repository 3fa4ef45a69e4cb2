"""Operations that answer with success in the emulator, and do nothing."""

from __future__ import annotations

from typing import Any

from twin.emulator.hooks import Request, ServiceError

REFUSED = (
    "StartCrawler",
    "StartTrigger",
    "StartWorkflowRun",
    "StartDataQualityRuleRecommendationRun",
)


def refuse(request: Request) -> dict[str, Any]:
    """Say that the twin does not run it."""
    message = f"The twin runs Glue jobs and evaluates data-quality rulesets; it does not run {request.operation}."
    raise ServiceError("OperationNotSupportedException", message)
