"""What somebody does to sign in to the page."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.users import PASSWORD, User


def sign_in(page: Page, user: User) -> None:
    """Sign in, from where the page asks for it."""
    page.get_by_role("button", name="Sign in").click()
    log_in(page, user)


def log_in(page: Page, user: User) -> None:
    """Say to the managed login who one is."""
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
