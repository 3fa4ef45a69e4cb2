"""The one account of the emulator, and how a process reaches it."""

from __future__ import annotations

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"


def root_environment(endpoint_url: str, secret: str) -> dict[str, str]:
    """Environment variables of the account itself, to which everything is allowed.

    The emulator takes an account's number for the access key of its root user.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
