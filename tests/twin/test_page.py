"""Where the deployed page is on this machine, and who may sign in to it."""

from __future__ import annotations

import pytest

from tests.twin.stack import Stack
from twin.emulator import Emulator
from twin.run.page import NoAddress, PasswordRefused, deployed_page, make_user, password_rules

POLICY = {"MinimumLength": 14, "RequireLowercase": True, "RequireNumbers": True, "RequireSymbols": True}


@pytest.fixture(scope="module")
def pool(emulator: Emulator) -> dict[str, str]:
    """A pool whose users sign in with their e-mail addresses and strong passwords."""
    stack = Stack(emulator)
    settings = {"UsernameAttributes": ["email"], "Policies": {"PasswordPolicy": {**POLICY, "RequireUppercase": True}}}
    client = {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}
    created = stack.create(
        Pool={"Type": "AWS::Cognito::UserPool", "Properties": settings},
        Client={"Type": "AWS::Cognito::UserPoolClient", "Properties": client},
    )
    assert created["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    return {"id": stack.reference("Pool"), "client": stack.reference("Client")}


def signs_in(emulator: Emulator, pool: dict[str, str], email: str, password: str) -> bool:
    client = emulator.client("cognito-idp")
    try:
        client.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=pool["client"],
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
    except client.exceptions.NotAuthorizedException:
        return False
    return True


def test_a_new_user_signs_in_with_the_password_that_was_made_up(emulator: Emulator, pool: dict[str, str]) -> None:
    password = make_user(emulator, pool["id"], "first@example.com")
    assert password is not None
    assert signs_in(emulator, pool, "first@example.com", password)


def test_a_user_who_is_there_keeps_the_password_until_another_is_chosen(
    emulator: Emulator, pool: dict[str, str]
) -> None:
    before = make_user(emulator, pool["id"], "second@example.com")
    assert make_user(emulator, pool["id"], "second@example.com") is None
    assert before is not None
    assert signs_in(emulator, pool, "second@example.com", before)
    chosen = "Another-horse-that-I-chose-8"
    assert make_user(emulator, pool["id"], "second@example.com", chosen) == chosen
    assert signs_in(emulator, pool, "second@example.com", chosen)
    assert not signs_in(emulator, pool, "second@example.com", before)


def test_a_password_that_the_policy_refuses_is_refused_in_words(emulator: Emulator, pool: dict[str, str]) -> None:
    with pytest.raises(PasswordRefused, match=r"length.*Choose another password"):
        make_user(emulator, pool["id"], "third@example.com", "short")
    made_up = make_user(emulator, pool["id"], "third@example.com")
    assert made_up is not None, "a user was made whose password nobody knows"
    with pytest.raises(PasswordRefused, match=r"length.*Choose another password"):
        make_user(emulator, pool["id"], "third@example.com", "short")
    assert signs_in(emulator, pool, "third@example.com", made_up)


def test_the_rules_for_passwords_are_the_pools(emulator: Emulator, pool: dict[str, str]) -> None:
    assert password_rules(emulator, pool["id"]) == (
        "At least 14 characters, among them a lower-case letter, an upper-case letter, a digit and a symbol, such as ! "
        "or -."
    )


def test_what_is_no_address_is_refused_in_words(emulator: Emulator, pool: dict[str, str]) -> None:
    with pytest.raises(NoAddress, match="'fourth' is no e-mail address"):
        make_user(emulator, pool["id"], "fourth")


def test_the_pages_address_is_the_one_of_this_machine(emulator: Emulator) -> None:
    outputs = {"PageUrl": "https://d111111abcdef8.cloudfront.net/", "UserPoolId": "pool"}
    page = deployed_page(emulator, outputs)
    assert page is not None
    assert page.url == f"http://d111111abcdef8.cloudfront.localhost:{emulator.port}/"
    assert deployed_page(emulator, {}) is None
