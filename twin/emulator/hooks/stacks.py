"""Changes of stacks: with which role they are made, and those under way when the emulator ends, which on AWS go on.

They are waited for, while all that their resources need still runs. One that takes too long is saved as it is; whoever
loads it next finds that it has failed, and not that it goes on for ever.
"""

from __future__ import annotations

import os
import time
from typing import Any

from ministack import app
from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from twin.emulator.hooks.lifecycle import on_shutdown
from twin.emulator.hooks.services import Json, RawResponse, Request
from twin.emulator.launcher import PERSIST_VARIABLE

# The launcher gives the whole end of the emulator more than this.
_PATIENCE_S = 25.0
_LOOK_S = 0.1
# A change set that was made and not executed: nothing is under way.
_REVIEW = "REVIEW_IN_PROGRESS"
_CLEANUP, _UNDER_WAY = "_CLEANUP_IN_PROGRESS", "_IN_PROGRESS"
# What a role is given to, and then keeps.
_WITH_ROLES = ("CreateChangeSet", "CreateStack", "UpdateStack")
_REASON = "The emulator ended while the stack was changed: some of its resources are changed, others are not."


def finish_stacks() -> None:
    """Wait for stacks that are being changed when the emulator ends, and fail those that it could not wait for.

    An account that is not kept is not waited for.
    """
    load = cloudformation.load_persisted_state

    def load_settled(data: Any) -> None:
        load(data)
        for stack in _under_way():
            _settle(stack)

    cloudformation.load_persisted_state = load_settled
    if os.environ.get(PERSIST_VARIABLE) == "1":
        on_shutdown(_wait)


def _under_way() -> list[Json]:
    found = (stack for stack in cloudformation._stacks.all_values() if stack["StackStatus"] != _REVIEW)
    return [stack for stack in found if stack["StackStatus"].endswith(_UNDER_WAY)]


def _wait() -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while _under_way() and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _settle(stack: Json) -> None:
    """Put a stack where AWS would: what was only cleaned up is complete; a change that nobody goes on with failed."""
    status = stack["StackStatus"]
    if status.endswith(_CLEANUP):
        stack["StackStatus"] = status.removesuffix(_CLEANUP)
        return
    failed = f"{status.removesuffix(_UNDER_WAY)}_FAILED"
    stack.update(StackStatus=failed, StackStatusReason=_REASON)
    name, identifier = stack["StackName"], stack["StackId"]
    with stacks._stack_region_context(stack, identifier):
        stacks._add_event(identifier, name, name, "AWS::CloudFormation::Stack", failed, _REASON, identifier)


# ---- roles ----------------------------------------------------------------------------------------------

_roles: dict[str, str] = {}


def remember_deploying_roles() -> None:
    """Remember the role that a stack is given; the emulator provisions as the account, and forgets it."""
    handler = app.SERVICE_HANDLERS["cloudformation"]

    async def remembered(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> RawResponse:
        request = Request("cloudformation", method, path, headers, body, query)
        if request.is_form and request.operation in _WITH_ROLES and (role := request.parameters.get("RoleARN")):
            named = str(request.parameters.get("StackName", ""))
            _roles[named.split("/")[1] if named.startswith("arn:") else named] = str(role)
        answer: RawResponse = await handler(method, path, headers, body, query)
        return answer

    app.SERVICE_HANDLERS["cloudformation"] = remembered


def deploying_role(stack: str) -> str | None:
    """The ARN of the role with which CloudFormation makes what is in a stack; None where it was given none."""
    return _roles.get(stack)
