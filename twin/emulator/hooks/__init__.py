"""The one package that touches the emulator's private names.

Everything that the twin adds to the emulator goes through a function here, in the twin's own terms, and
`tests/twin/test_hooks.py` holds one contract test for each: an upgrade of the emulator that moves a private
name fails there, by name, and not in the middle of a run.

The emulator serves every request on one event loop. Handlers registered here are plain functions and run on
threads of their own, with the account and region of the request, so that they may block and may call back
into the emulator.
"""

from twin.emulator.hooks.cloudformation import add_cfn_resource, physical_name
from twin.emulator.hooks.identity import (
    RoleNotAssumableError,
    authorize,
    authorize_pass_role,
    map_iam,
    on_denied,
    role_credentials,
    trust_loopback,
)
from twin.emulator.hooks.lifecycle import load_persisted, on_shutdown, persist, serve, shut_down
from twin.emulator.hooks.services import (
    Handler,
    Json,
    Request,
    Response,
    ServiceError,
    add_service,
    in_background,
    override,
)
from twin.emulator.hooks.tasks import Task, TaskFailedError, last_heartbeat, run_tasks_with, wait_for_token

__all__ = [
    "Handler",
    "Json",
    "Request",
    "Response",
    "RoleNotAssumableError",
    "ServiceError",
    "Task",
    "TaskFailedError",
    "add_cfn_resource",
    "add_service",
    "authorize",
    "authorize_pass_role",
    "in_background",
    "last_heartbeat",
    "load_persisted",
    "map_iam",
    "on_denied",
    "on_shutdown",
    "override",
    "persist",
    "physical_name",
    "role_credentials",
    "run_tasks_with",
    "serve",
    "shut_down",
    "trust_loopback",
    "wait_for_token",
]
