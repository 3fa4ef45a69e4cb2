"""Names that people type: stack ids, the state machine, the job, the endpoint. Everything else CDK names.

A name is fixed only where another stack, a role or a user must know it beforehand; a fixed name costs a
replacement's freedom.
"""

from __future__ import annotations

from cdk_app.settings import Settings


def workflow_tags(settings: Settings) -> dict[str, str]:
    """The tags of everything that belongs to the workflow in an environment."""
    return {"project": settings.name, "environment": settings.environment}


def stack_id(settings: Settings, step: str) -> str:
    """`Fourfold-dev-Foundation` for step `Foundation`."""
    return f"Fourfold-{settings.environment}-{step}"


def resource_name(settings: Settings, suffix: str = "") -> str:
    """`fourfold-dev`, or `fourfold-dev-prepare-data` for suffix `prepare-data`."""
    name = f"{settings.name}-{settings.environment}"
    return f"{name}-{suffix}" if suffix else name


def parameter_name(settings: Settings, path: str) -> str:
    """`/fourfold/dev/approved/target` for path `approved/target`."""
    return f"/{settings.name}/{settings.environment}/{path}"


def database_name(settings: Settings) -> str:
    """`fourfold_dev`: Athena wants no hyphen in a database's name."""
    return f"{settings.name}_{settings.environment}".replace("-", "_")
