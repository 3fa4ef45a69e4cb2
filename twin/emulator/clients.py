"""boto3 clients of the emulator, from an environment's credentials, region and address."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

# A proxy never lies between two processes of one machine; a call may last as long as a function may.
_CONFIG = Config(proxies={}, read_timeout=900, retries={"mode": "standard"}, s3={"addressing_style": "path"})
# Nor do the user's profiles and settings for AWS count: no variable names them, and their files are empty ones.
_NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_lock = threading.Lock()


@cache
def _session() -> boto3.Session:
    """One session for all clients: it reads each service's model once, which takes longer than most calls."""
    core = botocore.session.Session(_NO_SETTINGS)
    return boto3.Session(botocore_session=core)


def client_from(environment: Mapping[str, str], service: str) -> Any:
    """A client with the credentials, region and address that stand in an environment."""
    with _lock:  # making clients is not safe on several threads at once; using them is
        return _session().client(
            service,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            config=_CONFIG,
        )
