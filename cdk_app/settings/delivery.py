"""Sections `serving` and `budget`: how the approved model is served, and what it may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.settings.section import Section
from cdk_app.settings.tuning import InstanceType

CONTEXT_TOKENS = 4096
"""What the endpoint holds of one request, prompt and answer together; a longer prompt it refuses."""

EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"


class Serving(Section):
    """The SageMaker endpoint of the tuned model."""

    mode: Literal["serverless", "real-time"] = "serverless"
    """`serverless` costs nothing when idle; `real-time` keeps instances up, and bills them by the hour."""

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 3072
    """Memory of the serverless endpoint in MB; AWS holds new accounts to 3072."""

    max_concurrency: Annotated[int, Field(ge=1, le=200)] = 5
    """Requests that the serverless endpoint answers at once."""

    instance_type: InstanceType | None = None
    """SageMaker instance type of the real-time endpoint; a CPU one, like the serving image."""

    instance_count: Annotated[int, Field(ge=1, le=20)] = 1
    """Instances of the real-time endpoint."""

    max_output_tokens: Annotated[int, Field(ge=1, le=8192)] = 128
    """Most tokens of one answer to the task, of the endpoint, the candidates and the evaluation alike; it shares the
    endpoint's context with the prompt. Chat has a bound of its own, `gateway.max_output_tokens`."""


class Budget(Section):
    """The monthly budget and who hears about it."""

    monthly_usd: Annotated[float, Field(ge=1, le=1_000_000)] = 50.0
    """Monthly limit in US dollars; AWS Budgets warns at 80% and 100%, it does not stop anything."""

    notify_email: Annotated[str | None, Field(pattern=EMAIL, max_length=320, examples=["team@example.com"])] = None
    """Address that receives budget warnings, alarms and approval requests."""
