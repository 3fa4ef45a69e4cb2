"""curl, as a person types it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.twin.gateway_clients.deployed import Deployed

JSON = ["--header", "Content-Type: application/json"]


def chat(**more: Any) -> list[str]:
    """The body of a chat as an argument."""
    return ["--data", json.dumps({"messages": [{"role": "user", "content": "What do owls hunt?"}], **more})]


def signed(deployed: Deployed) -> list[str]:
    keys = deployed.service
    return [
        *("--aws-sigv4", "aws:amz:us-east-1:execute-api"),
        *("--user", f"{keys.access_key}:{keys.secret_key}"),
        *("--header", f"X-Amz-Security-Token: {keys.token}"),
    ]


def started(*arguments: str) -> subprocess.Popen[bytes]:
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
