"""CloudFormation's resource types that the emulator lacks; a type that nobody provisions fails the stack."""

from twin.cloudformation.budgets import register_budgets
from twin.cloudformation.deletion import register_deletions
from twin.cloudformation.firewalls import register_firewalls
from twin.cloudformation.recorded import record
from twin.cloudformation.storage import register_storage
from twin.cloudformation.tables import register_tables


def register() -> None:
    """Add and extend the types of the account's own services; each executor adds those of its service."""
    register_budgets()
    register_storage()
    register_tables()
    register_firewalls()
    register_deletions()
    record("AWS::CloudWatch::CompositeAlarm", name_property="AlarmName", arn="alarm:{name}", service="cloudwatch")
    record("AWS::Logs::QueryDefinition", name_property="Name")
    record("AWS::Cognito::ManagedLoginBranding", name_property="ClientId")
