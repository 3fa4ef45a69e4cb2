"""Signing in under the name of a user pool's domain, as a page does: a code for the browser, tokens for the code."""

from __future__ import annotations

import base64
import http.client
import json
from urllib.parse import urlencode

import pytest

from tests.twin.sign_in import PASSWORD, SignIn, new_sign_in
from tests.twin.tokens import claims_of
from twin.emulator import Emulator


@pytest.fixture(scope="module")
def sign_in(emulator: Emulator) -> SignIn:
    return new_sign_in(emulator)


def test_a_user_signs_in_and_returns_to_the_page_with_a_code(sign_in: SignIn) -> None:
    status, page = sign_in.login_page()
    assert status == 200
    status, headers, _ = sign_in.submit(page, username=sign_in.user, password=PASSWORD)
    assert status == 302
    assert headers["location"].startswith(f"{sign_in.returns_to}?code=")
    assert headers["location"].endswith("state=as-it-was")


def test_the_code_is_worth_tokens_to_a_page_to_which_the_sign_in_returns(sign_in: SignIn) -> None:
    origin = sign_in.returns_to.rstrip("/")
    asked = {"Origin": origin, "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"}
    status, headers, tokens = sign_in.redeem(sign_in.code(), **asked)
    assert (status, headers["access-control-allow-origin"]) == (200, origin)
    assert claims_of(tokens["id_token"])["aud"] == sign_in.client
    assert claims_of(tokens["id_token"])["cognito:username"] == sign_in.user


def test_another_page_does_not_get_them(sign_in: SignIn) -> None:
    for origin in (f"http://other.cloudfront.localhost:{sign_in.emulator.port}", "https://evil.example"):
        asked = {"Origin": origin, "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"}
        status, headers, _ = sign_in.redeem(sign_in.code(), **asked)
        assert (status, headers.get("access-control-allow-origin")) == (403, None)


def test_a_code_is_good_once_and_with_its_verifier(sign_in: SignIn) -> None:
    code = sign_in.code()
    assert sign_in.redeem(code, verifier="another-verifier-that-is-long-enough-to-be-one")[0] == 400
    code = sign_in.code()
    assert sign_in.redeem(code)[0] == 200
    assert sign_in.redeem(code)[0] == 400


def test_a_wrong_password_does_not_sign_in(sign_in: SignIn) -> None:
    status, _, page = sign_in.submit(sign_in.login_page()[1], username=sign_in.user, password="wrong")
    assert (status, "Incorrect username or password" in page) == (200, True)


@pytest.mark.parametrize(
    "changes",
    [{"redirect_uri": "https://evil.example/"}, {"client_id": "unknown"}, {"response_type": "token"}],
)
def test_a_sign_in_that_the_client_may_not_ask_for_is_refused(sign_in: SignIn, changes: dict[str, str]) -> None:
    assert sign_in.login_page(**changes)[0] == 400


def test_a_user_with_a_first_password_chooses_another(emulator: Emulator) -> None:
    fresh = new_sign_in(emulator, permanent=False)
    _, _, page = fresh.submit(fresh.login_page()[1], username=fresh.user, password=PASSWORD)
    assert "new_password" in page
    chosen = "Another-horse-8"
    status, headers, _ = fresh.submit(page, new_password=chosen, confirm_password=chosen)
    assert (status, "code=" in headers["location"]) == (302, True)


def test_signing_out_returns_to_the_page(sign_in: SignIn) -> None:
    asked = urlencode({"client_id": sign_in.client, "logout_uri": sign_in.returns_to})
    status, headers, _ = sign_in.ask("GET", f"/logout?{asked}")
    assert (status, headers["location"]) == (302, sign_in.returns_to)


def test_a_refresh_token_renews_until_it_is_revoked(sign_in: SignIn) -> None:
    token = sign_in.redeem(sign_in.code())[2]["refresh_token"]
    renewal = {"grant_type": "refresh_token", "client_id": sign_in.client, "refresh_token": token}
    assert sign_in.ask("POST", "/oauth2/token", renewal)[0] == 200
    assert sign_in.ask("POST", "/oauth2/revoke", {"token": token, "client_id": sign_in.client})[0] == 200
    assert sign_in.ask("POST", "/oauth2/token", renewal)[0] == 400


def test_the_pools_keys_are_where_programs_look_for_them(sign_in: SignIn) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sign_in.emulator.port, timeout=30)
    connection.request("GET", f"/{sign_in.pool}/.well-known/jwks.json")
    keys = json.loads(connection.getresponse().read())["keys"]
    token = sign_in.redeem(sign_in.code())[2]["id_token"]
    head = token.split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    assert kid in [key["kid"] for key in keys]


def test_another_pools_client_cannot_be_used_under_this_name(emulator: Emulator, sign_in: SignIn) -> None:
    assert sign_in.login_page(client_id=new_sign_in(emulator).client)[0] == 400


def test_nothing_of_the_account_is_served_under_a_sign_ins_name(sign_in: SignIn) -> None:
    status, _, text = sign_in.ask("GET", "/?Action=ListRoles&Version=2010-05-08&X-Amz-Signature=0")
    assert (status, "does not serve GET /" in text) == (404, True)


def test_a_password_sign_in_needs_the_flow_that_the_client_allows(emulator: Emulator, sign_in: SignIn) -> None:
    client = emulator.client("cognito-idp")
    with pytest.raises(client.exceptions.InvalidParameterException, match="USER_PASSWORD_AUTH"):
        client.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=sign_in.client,
            AuthParameters={"USERNAME": sign_in.user, "PASSWORD": PASSWORD},
        )
