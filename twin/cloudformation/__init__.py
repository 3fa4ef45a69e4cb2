"""CloudFormation's resource types that the emulator lacks; a type that nobody provisions fails the stack."""

from twin.cloudformation.budgets import register_budgets
from twin.cloudformation.recorded import record


def register() -> None:
    """Add the types of the account's own services; each executor adds those of its service."""
    register_budgets()
    record("AWS::CloudWatch::CompositeAlarm", name_property="AlarmName", arn="alarm:{name}", service="cloudwatch")
    record("AWS::Logs::QueryDefinition", name_property="Name")
