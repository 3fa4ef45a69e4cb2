"""`fourfold serve` says where the page is, and makes a user who may sign in to it, with a password that fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

import cli.main
import cli.serving
from cli.main import app
from tests.unit.run.conftest import FakeApi
from twin.emulator import Access
from twin.run.page import Page
from twin.run.reopened import Deployed

RULES = "At least 8 characters, among them a lower-case letter and a digit.\n"
SHORT, FITTING = "short", "long-enough-8"


class Refused(Exception):
    """What boto3 raises: a message within a response."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.response = {"Error": {"Message": message}}


class Exists(Refused): ...


class Unfitting(Refused): ...


class Wrong(Refused): ...


class Exceptions:
    UsernameExistsException, InvalidPasswordException, InvalidParameterException = Exists, Unfitting, Wrong


@dataclass
class Pool:
    """A user pool with a policy of its own, and those who are in it with their passwords."""

    exceptions = Exceptions
    users: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Pool:
        assert service == "cognito-idp"
        return self

    def describe_user_pool(self, **_: str) -> dict[str, Any]:
        policy = {"MinimumLength": 8, "RequireNumbers": True, "RequireLowercase": True, "RequireSymbols": False}
        return {"UserPool": {"Policies": {"PasswordPolicy": policy}}}

    def admin_create_user(self, **given: Any) -> None:
        if given["Username"] in self.users:
            raise Exists("User account already exists")
        self._keep(given["Username"], given["TemporaryPassword"])

    def admin_set_user_password(self, **given: Any) -> None:
        self._keep(given["Username"], given["Password"])

    def _keep(self, user: str, password: str) -> None:
        if len(password) < 8:
            raise Unfitting("Password did not conform with policy: Password not long enough")
        self.users[user] = password


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> Pool:
    """Have the command find a page, and a user pool that knows nobody yet."""
    found = Pool()

    @contextmanager
    def deployed(_root: Path, _port: int | None = None) -> Iterator[Deployed]:
        yield Deployed(api.client, Page("http://d1.cloudfront.localhost:4566/", "pool"), cast(Access, found))

    monkeypatch.setattr(cli.serving, "deployed", deployed)
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: api)
    monkeypatch.setattr(cli.serving, "run_going_on", lambda _folder: None)
    monkeypatch.setattr(cli.main, "at_terminal", lambda: True)
    return found


def serve(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["serve", *arguments], input=typed, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_page_is_told_with_a_user_whose_password_is_shown_once(pool: Pool) -> None:
    first, second = serve()[1], serve()[1]
    password = pool.users["you@example.com"]
    assert "The page: http://d1.cloudfront.localhost:4566/" in first
    assert f"Sign in as you@example.com with the password {password}" in first
    assert password not in second
    assert "--choose-password" in second


def test_a_password_of_ones_own_is_asked_for_by_its_rules_and_not_shown(pool: Pool) -> None:
    code, stdout, _ = serve("--user", "me@example.com", "--choose-password", typed=f"{FITTING}\n" * 2)
    assert code == 0
    assert stdout.index(f"The password of me@example.com: {RULES}") < stdout.index("Password: ")
    assert "Sign in as me@example.com with the password that you chose." in stdout
    assert FITTING not in stdout
    assert pool.users == {"me@example.com": FITTING}


def test_a_password_that_does_not_fit_is_asked_for_again(pool: Pool) -> None:
    code, stdout, _ = serve("--choose-password", typed=f"{SHORT}\n" * 4 + f"{FITTING}\n" * 2)
    assert code == 0
    assert stdout.count("Password not long enough. Choose another password.\n") == 2
    assert pool.users == {"you@example.com": FITTING}


def test_after_three_that_do_not_fit_the_command_ends_and_nobody_is_made(pool: Pool) -> None:
    code, stdout, stderr = serve("--choose-password", typed=f"{SHORT}\n" * 6)
    assert (code, pool.users) == (1, {})
    assert stdout.count("Password: ") == 3
    assert stderr.endswith("Password not long enough. Choose another password.\n")


@pytest.mark.parametrize("user", ["notanemail", "@", "a@", "@b", "a b@example.com", "", f"{'a' * 120}@example.com"])
def test_what_is_no_address_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, api: FakeApi, user: str
) -> None:
    monkeypatch.setattr(cli.serving, "deployed", lambda *_: pytest.fail("an emulator would have been started"))
    code, stdout, stderr = serve("--user", user)
    assert (code, stdout) == (2, "")
    assert stderr == (
        f"{user!r} is no e-mail address, by which users of the page are known: give one such as you@example.com.\n"
    )


def test_an_address_that_the_pool_refuses_is_told_in_the_same_words(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise Wrong("Username should be an email.")

    monkeypatch.setattr(pool, "admin_create_user", refuse)
    code, _, stderr = serve("--user", "a@b")
    assert code == 2
    assert stderr.startswith("'a@b' is no e-mail address")


def test_without_a_terminal_no_password_is_asked_for_and_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.serving, "deployed", lambda *_: pytest.fail("an emulator would have been started"))
    code, stdout, stderr = serve("--choose-password", typed=f"{FITTING}\n" * 2)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("--choose-password asks for it at a terminal, and the standard input is none.")


def test_without_a_page_none_is_told(pool: Pool, monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> None:
    @contextmanager
    def deployed(_root: Path, _port: int | None = None) -> Iterator[Deployed]:
        yield Deployed(api.client, None, cast(Access, pool))

    monkeypatch.setattr(cli.serving, "deployed", deployed)
    assert "The page" not in serve()[1]
    assert pool.users == {}
