"""What `fourfold serve` says of the page: where it is, and who may sign in to it, with a password of whose choice."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from twin.emulator import Access
from twin.run.page import PasswordRefused, make_user, password_rules
from twin.run.reopened import Deployed

TRIES = 3
"""As often is a password asked for that fits the rules."""


def page_announcement(found: Deployed, user: str, choose_password: bool) -> Iterator[str]:
    """Say where the page is, and who may sign in to it.

    Raises:
        PasswordRefused: the passwords that were chosen did not fit the policy.
    """
    if found.page is None:
        return
    yield f"\nThe page: {found.page.url}"
    pool = found.page.user_pool_id
    if pool is None:
        return
    if choose_password:
        yield f"The password of {user}: {password_rules(found.account, pool)}"
        yield from _ask_for_password(found.account, pool, user)
        return
    made_up = make_user(found.account, pool, user)
    if made_up is None:
        yield f"Sign in as {user}, with the password that was shown when this user was made."
        yield "If it is lost, `fourfold serve --choose-password` asks for another."
    else:
        yield f"Sign in as {user} with the password {made_up}"
        yield "It is shown this once. `fourfold serve --choose-password` asks for one of your own."


def _ask_for_password(account: Access, pool: str, user: str) -> Iterator[str]:
    """Ask for a password, and again for one that fits the rules; say whose it is then."""
    for left in reversed(range(TRIES)):
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        try:
            make_user(account, pool, user, password)
        except PasswordRefused as refused:
            if not left:
                raise
            yield str(refused)
        else:
            yield f"Sign in as {user} with the password that you chose."
            return
