"""Changes of stacks that are under way when an emulator ends that keeps its account: waited for, or failed by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.twin.helpers import allow, make_function, start
from tests.twin.stack import Stack
from twin.emulator import Emulator

# It takes its time over a change, as an endpoint does, and has to be running until the end.
RESOURCE = """
import json, time, urllib.request

def handle(event, context):
    if event['RequestType'] == 'Update':
        time.sleep(2)
    names = ('StackId', 'RequestId', 'LogicalResourceId')
    answer = {**{name: event[name] for name in names}, 'Status': 'SUCCESS', 'PhysicalResourceId': 'slow'}
    request = urllib.request.Request(event['ResponseURL'], json.dumps(answer).encode(), method='PUT')
    urllib.request.urlopen(request).read()
"""


def slow(function: str, version: int) -> dict[str, Any]:
    return {"Type": "Custom::Slow", "Properties": {"ServiceToken": function, "Version": version}}


@contextmanager
def account(folder: Path) -> Iterator[Emulator]:
    with Emulator(folder, persist=True) as emulator:
        yield emulator


def described(folder: Path, name: str) -> tuple[str, str, list[dict[str, Any]]]:
    """A stack's status, the reason for it, and its events, in an emulator that starts again."""
    with account(folder) as emulator:
        client = emulator.client("cloudformation")
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        return stack["StackStatus"], stack.get("StackStatusReason", ""), events


def test_an_update_under_way_comes_to_its_end_before_what_it_needs_is_stopped(tmp_path: Path) -> None:
    with account(tmp_path) as emulator:
        stack = Stack(emulator)
        name = make_function(emulator, RESOURCE, allow("*"))
        function = emulator.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        assert stack.create(Slow=slow(function, 1))["StackStatus"] == "CREATE_COMPLETE"
        start(emulator, {"Wait": {"Type": "Wait", "Seconds": 6000, "End": True}})
        changed = {"Resources": {"Slow": slow(function, 2)}}
        stack.client.update_stack(StackName=stack.name, TemplateBody=json.dumps(changed))

    assert described(tmp_path, stack.name)[0] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("saved", "loaded"),
    [
        ("UPDATE_IN_PROGRESS", "UPDATE_FAILED"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
    ],
)
def test_a_change_that_was_not_waited_for_has_failed_and_says_so(tmp_path: Path, saved: str, loaded: str) -> None:
    with account(tmp_path) as emulator:
        stack = Stack(emulator)
        stack.create(Topic={"Type": "AWS::SNS::Topic", "Properties": {}})
    file = tmp_path / "state" / "cloudformation.json"
    # Only the stack's own status: its resources and events are as they are.
    text = file.read_text()
    assert text.count('"StackStatus": "CREATE_COMPLETE"') == 1
    file.write_text(text.replace('"StackStatus": "CREATE_COMPLETE"', f'"StackStatus": "{saved}"'))

    status, reason, events = described(tmp_path, stack.name)

    assert status == loaded
    failed = [event for event in events if event["ResourceStatus"] == loaded]
    if loaded.endswith("_FAILED"):
        assert "The emulator ended" in reason
        assert [event["ResourceStatusReason"] for event in failed] == [reason]
