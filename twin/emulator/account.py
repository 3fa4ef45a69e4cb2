"""The one account of the emulator, and how a process reaches it."""

from __future__ import annotations

import os

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
# The emulator verifies the signatures of users and roles, but not the root user's: whoever reaches this
# machine's loopback address may do everything in it, and a secret one would only hide that.
_SECRET = "fourfold"  # noqa: S105


def root_environment(endpoint_url: str) -> dict[str, str]:
    """Environment variables of the account's root user, to whom everything is allowed.

    The emulator takes an account's number for the access key of its root user.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
