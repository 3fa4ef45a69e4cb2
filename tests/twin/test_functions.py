"""Functions: what they find when they run, which is what Lambda gives them."""

from __future__ import annotations

import json
from typing import Any

from tests.twin.helpers import make_function, unique
from twin.emulator import Emulator
from twin.processes import MARK_VARIABLE

ENVIRONMENT = """
import os
def handle(event, context):
    return dict(os.environ)
"""


def invoke(emulator: Emulator, name: str) -> Any:
    """What a function answers."""
    return json.load(emulator.client("lambda").invoke(FunctionName=name)["Payload"])


# ---- modules --------------------------------------------------------------------------------------------


def test_a_module_that_is_not_bundled_is_not_found(emulator: Emulator) -> None:
    failure = invoke(emulator, make_function(emulator, "import numpy\ndef handle(event, context): pass"))
    assert failure["errorType"] == "Runtime.ImportModuleError"
    assert failure["errorMessage"] == "Unable to import module 'index': No module named 'numpy'"


def test_a_function_has_the_sdk_and_what_that_requires_and_nothing_else(emulator: Emulator) -> None:
    source = """
import boto3, botocore, dateutil, jmespath, s3transfer, six, urllib3
from importlib.metadata import distributions
def handle(event, context):
    return sorted(found.name for found in distributions())
"""
    carried = ["boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"]
    assert invoke(emulator, make_function(emulator, source)) == carried


def test_a_function_calls_aws_through_the_sdk(emulator: Emulator) -> None:
    source = """
import boto3
def handle(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"]
"""
    assert ":assumed-role/lambda-role-" in invoke(emulator, make_function(emulator, source))


# ---- environment variables ------------------------------------------------------------------------------

FROM_AWS = {
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ", "_HANDLER",
}  # fmt: skip
HERE_ALONE = {
    "AWS_CONFIG_FILE", "AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL",
    "AWS_SHARED_CREDENTIALS_FILE", "TMPDIR", "_LAMBDA_FUNCTION_ARN", "_LAMBDA_TIMEOUT", MARK_VARIABLE,
}  # fmt: skip


def test_a_function_sees_what_aws_sets_and_nothing_of_the_emulators_own(emulator: Emulator) -> None:
    seen = invoke(emulator, make_function(emulator, ENVIRONMENT))
    # LC_CTYPE is Python's own, where the locale of LANG is not installed.
    assert set(seen) - {"LC_CTYPE", "_MINISTACK_INVOKE_DEPTH", "_X_AMZN_TRACE_ID"} == FROM_AWS | HERE_ALONE


def test_aws_variables_say_what_they_say_on_aws(emulator: Emulator) -> None:
    name = make_function(emulator, ENVIRONMENT, MemorySize=256)
    seen = invoke(emulator, name)
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert (seen["_HANDLER"], seen["TZ"]) == ("index.handle", ":UTC")


def test_a_functions_own_variables_win_over_those_it_may_set(emulator: Emulator) -> None:
    mine = {"TABLE": unique("table"), "HOME": "/tmp", "PATH": "/opt/mine"}
    seen = invoke(emulator, make_function(emulator, ENVIRONMENT, Environment={"Variables": mine}))
    assert {name: seen[name] for name in mine} == mine
