"""The deployed page: where a browser finds it on this machine, and somebody who may sign in to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from twin.emulator import Access
from twin.emulator.addresses import here
from twin.emulator.passwords import fitting_password

USER = "you@example.com"
"""Who signs in, where nobody is named. Mail to example.com reaches nobody, and no mail is sent here."""


class PasswordRefused(Exception):
    """The password that was chosen does not fit the user pool's policy; the text says what it lacks."""


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


def make_user(emulator: Access, user_pool_id: str, email: str, password: str | None = None) -> str | None:
    """Make a user who may sign in at once, and return the password; None where there is such a user already.

    Args:
        emulator: where the pool is.
        user_pool_id: the pool.
        email: the name to sign in with.
        password: one that was chosen, which also replaces that of a user who is there already.

    Raises:
        PasswordRefused: the pool's policy wants another password.
    """
    client = emulator.client("cognito-idp")
    chosen = password or fitting_password()
    try:
        client.admin_create_user(
            UserPoolId=user_pool_id,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            MessageAction="SUPPRESS",
        )
    except client.exceptions.UsernameExistsException:
        if password is None:
            return None
    try:
        client.admin_set_user_password(UserPoolId=user_pool_id, Username=email, Password=chosen, Permanent=True)
    except client.exceptions.InvalidPasswordException as error:
        raise PasswordRefused(f"{error.response['Error']['Message']}. Choose another password.") from error
    return chosen
