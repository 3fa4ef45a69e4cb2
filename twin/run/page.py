"""The deployed page: where a browser finds it on this machine, and somebody who may sign in to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from twin.emulator import Access
from twin.emulator.addresses import here
from twin.emulator.passwords import fitting_password

USER = "you@example.com"
"""Who signs in, where nobody is named. Mail to example.com reaches nobody, and no mail is sent here."""


_ADDRESS = re.compile(r"(?=.{,128}$)[^@\s]+@[^@\s]+")
# A policy's demands, beside its length, and what each asks for.
_KINDS = {
    "RequireLowercase": "a lower-case letter",
    "RequireUppercase": "an upper-case letter",
    "RequireNumbers": "a digit",
    "RequireSymbols": "a symbol, such as ! or -",
}


class PasswordRefused(Exception):
    """The password that was chosen does not fit the user pool's policy; the text says what it lacks."""


class NoAddress(Exception):
    """Users of the page are known by their e-mail address, and what was given is none."""

    def __init__(self, given: str) -> None:
        super().__init__(
            f"{given!r} is no e-mail address, by which users of the page are known: give one such as {USER}."
        )


def check_address(email: str) -> None:
    """Refuse what no user pool takes for an e-mail address. Raises NoAddress."""
    if not _ADDRESS.fullmatch(email):
        raise NoAddress(email)


@dataclass(frozen=True)
class Page:
    """Attributes:
    url: the page's address here.
    user_pool_id: whose users may sign in; None where nobody needs to.
    """

    url: str
    user_pool_id: str | None


def deployed_page(emulator: Access, outputs: Mapping[str, str]) -> Page | None:
    """Return the page out of the stacks' outputs, None where none is deployed."""
    url = outputs.get("PageUrl")
    if url is None:
        return None
    return Page(here(url, urlsplit(emulator.endpoint_url).port or 80), outputs.get("UserPoolId"))


def password_rules(emulator: Access, user_pool_id: str) -> str:
    """Say what the pool's policy asks of a password: `At least 12 characters, among them a digit.`"""
    pool = emulator.client("cognito-idp").describe_user_pool(UserPoolId=user_pool_id)["UserPool"]
    policy = pool["Policies"]["PasswordPolicy"]
    *others, last = [kind for demand, kind in _KINDS.items() if policy.get(demand)] or [""]
    kinds = f"{', '.join(others)} and {last}" if others else last
    among = f", among them {kinds}" if kinds else ""
    return f"At least {policy['MinimumLength']} characters{among}."


def make_user(emulator: Access, user_pool_id: str, email: str, password: str | None = None) -> str | None:
    """Make a user who may sign in at once, and return the password; None where there is such a user already.

    Args:
        emulator: where the pool is.
        user_pool_id: the pool.
        email: the name to sign in with.
        password: one that was chosen, which also replaces that of a user who is there already.

    Raises:
        PasswordRefused: the pool's policy wants another password; a new user is not made then.
        NoAddress: the pool takes the name for no e-mail address.
    """
    client = emulator.client("cognito-idp")
    chosen = password or fitting_password()
    refused = client.exceptions.InvalidPasswordException
    try:
        client.admin_create_user(
            UserPoolId=user_pool_id,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            # Judged by the policy at once, so that nobody is made whose password no one knows.
            TemporaryPassword=chosen,
            MessageAction="SUPPRESS",
        )
    except client.exceptions.UsernameExistsException:
        if password is None:
            return None
    except client.exceptions.InvalidParameterException as error:
        raise NoAddress(email) from error
    except refused as error:
        raise _refusal(error) from error
    try:
        client.admin_set_user_password(UserPoolId=user_pool_id, Username=email, Password=chosen, Permanent=True)
    except refused as error:
        raise _refusal(error) from error
    return chosen


def _refusal(error: ClientError) -> PasswordRefused:
    return PasswordRefused(f"{error.response['Error']['Message']}. Choose another password.")
