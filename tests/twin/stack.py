"""A CloudFormation stack of one test."""

from __future__ import annotations

import json
from typing import Any

from tests.twin.helpers import Json, unique, wait_until
from twin.emulator import Emulator

_FINAL = ("COMPLETE", "FAILED")


class Stack:
    """A stack of one test."""

    def __init__(self, emulator: Emulator, role: str | None = None) -> None:
        self.client, self.name = emulator.client("cloudformation"), unique("stack")
        self._role = {"RoleARN": role} if role else {}

    def create(self, **resources: Json) -> Json:
        return self._deploy(self.client.create_stack, resources)

    def update(self, **resources: Json) -> Json:
        return self._deploy(self.client.update_stack, resources)

    def _deploy(self, call: Any, resources: Json) -> Json:
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        template = {"Resources": resources, "Outputs": outputs}
        given = {"TemplateBody": json.dumps(template), "Capabilities": ["CAPABILITY_IAM"], **self._role}
        call(StackName=self.name, **given)
        return self._wait()

    def _wait(self) -> Json:
        found: Json = wait_until(
            lambda: self.client.describe_stacks(StackName=self.name)["Stacks"][0],
            lambda stack: stack["StackStatus"].endswith(_FINAL) and "CLEANUP" not in stack["StackStatus"],
        )
        return found

    def reference(self, name: str) -> str:
        outputs = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return str(next(output["OutputValue"] for output in outputs if output["OutputKey"] == name))

    def reasons(self) -> str:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def delete(self) -> str:
        stack_id = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=self.name)
        found = wait_until(
            lambda: self.client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"],
            lambda status: status.startswith("DELETE_") and status.endswith(_FINAL),
        )
        return str(found)
