"""Who is not let in, and that nobody gets at what is another one's."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.twin.gateway_clients.deployed import SCRIPTED, Deployed
from tests.twin.helpers import Json
from tests.twin.sign_in import new_sign_in
from tests.twin.tokens import claims_of, forged, unsigned

TALK = {"title": "Owls", "messages": [{"role": "user", "content": "What do owls hunt?"}]}
USERS, PARTNERS, SERVICES = "/api/v1", "/partners/v1", "/v1"


@pytest.fixture(scope="module")
def tokens(deployed: Deployed) -> Json:
    """What a user of the page gets for signing in."""
    return deployed.sign_in().tokens()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# ---- partners -------------------------------------------------------------------------------------------


def test_openais_client_says_that_a_key_is_wrong(deployed: Deployed) -> None:
    client = openai.OpenAI(base_url=f"{deployed.url}{PARTNERS}", api_key="a-key-that-nobody-has-got", max_retries=0)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.models.list()
    assert (refused.value.type, refused.value.code) == ("permission_error", "forbidden")
    assert "API key is not known" in refused.value.message


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Basic a-key-that-nobody-has-got"}, 401),
        ({"x-api-key": "a-key-that-nobody-has-got"}, 403),
        ({"x-api-key": "k" * 200}, 401),
    ],
)
def test_a_partner_without_a_good_key_is_refused_with_a_problem(
    deployed: Deployed, headers: Mapping[str, str], status: int
) -> None:
    answer = deployed.ask(f"{PARTNERS}/models", **headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["reason"]) == (status, "Unauthorized" if status == 401 else "Forbidden")
    assert "'Authorization: Bearer <key>'" in told["detail"]


def test_a_partners_key_opens_no_other_root(deployed: Deployed) -> None:
    refused = deployed.ask(f"{SERVICES}/models", **bearer(deployed.key))
    told = refused.json()
    assert (refused.status_code, "missing equal-sign" in told["reason"]) == (403, True)
    assert "send an API key as 'Authorization: Bearer <key>' or 'x-api-key' to /partners/v1" in told["detail"]
    assert deployed.ask(f"{USERS}/models", **bearer(deployed.key)).status_code == 401


def test_a_partner_is_told_nothing_of_the_workflow(deployed: Deployed) -> None:
    answer = deployed.ask(f"{PARTNERS}/workflow", **bearer(deployed.key))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


# ---- users ----------------------------------------------------------------------------------------------


def test_a_user_who_has_signed_in_is_answered(deployed: Deployed, tokens: Json) -> None:
    deployed.write("Mice.")
    body = {"model": SCRIPTED, "messages": TALK["messages"]}
    answer = deployed.ask(f"{USERS}/chat/completions", body, **bearer(tokens["access_token"]))
    assert answer.json()["choices"][0]["message"]["content"] == "Mice."


def signed_anew(deployed: Deployed, token: str, **claims: Any) -> str:
    """The token with other claims, signed by its pool's own key."""
    pool = deployed.outputs["UserPoolId"]
    file = deployed.emulator.work_dir / "state/cognito-pool-keys" / f"{pool}-access.pem"
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    content, _, _ = forged(token, **claims).rpartition(".")
    signature = key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_token_is_good_until_it_expires(deployed: Deployed, tokens: Json) -> None:
    def status(expires_in: int) -> int:
        until = int(time.time()) + expires_in
        token = signed_anew(deployed, tokens["access_token"], iat=until - 3600, auth_time=until - 3600, exp=until)
        return deployed.ask(f"{USERS}/models", **bearer(token)).status_code

    assert (status(60), status(-60)) == (200, 401)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda _tokens: "not-a-token",
        lambda tokens: forged(tokens["access_token"], sub="another"),
        lambda tokens: unsigned(tokens["access_token"]),
        lambda tokens: tokens["id_token"],
        lambda tokens: tokens["refresh_token"],
    ],
    ids=["no token", "forged", "unsigned", "identity", "refresh"],
)
def test_no_other_token_is(deployed: Deployed, tokens: Json, spoilt: Callable[[Json], str]) -> None:
    answer = deployed.ask(f"{USERS}/models", **bearer(spoilt(tokens)))
    assert deployed.ask(f"{USERS}/models").status_code == answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_of_another_pool_or_for_another_audience_is_not(deployed: Deployed, tokens: Json) -> None:
    foreign = new_sign_in(deployed.emulator).tokens()["access_token"]
    # Of the deployed pool, and not issued for the page: the scope is missing, or the client is gone.
    for_other = signed_anew(deployed, tokens["access_token"], scope="aws.cognito.signin.user.admin")
    of_other = signed_anew(deployed, tokens["access_token"], client_id="another-client")
    for token in (foreign, for_other, of_other):
        assert deployed.ask(f"{USERS}/models", **bearer(token)).status_code == 401


# ---- what is another one's ------------------------------------------------------------------------------


def test_a_users_conversation_is_nobody_elses_whatever_they_send(deployed: Deployed, tokens: Json) -> None:
    owner, other = tokens["access_token"], deployed.sign_in().tokens()["access_token"]
    path = f"{USERS}/history/owls"
    assert deployed.ask(path, TALK, "PUT", **bearer(owner)).status_code == 200
    claims = {"sub": claims_of(owner)["sub"]}
    pretended = {
        "x-amzn-request-context": json.dumps({"authorizer": {"claims": claims}, "identity": {}}),
        "x-amzn-lambda-context": "{}",
    }
    for who in (bearer(other), {**bearer(other), **pretended}):
        assert deployed.ask(path, **who).status_code == 404
        assert deployed.ask(f"{USERS}/history", **who).json() == {"conversations": []}
        assert deployed.ask(path, method="DELETE", **who).status_code == 404
    assert deployed.ask(f"{PARTNERS}/history/owls", **bearer(deployed.key)).status_code == 404
    assert deployed.ask(path, **bearer(owner)).json()["messages"] == TALK["messages"]


def test_an_answer_that_is_kept_is_not_given_to_another_partner(deployed: Deployed) -> None:
    def asked(partner: str) -> Json:
        body = {"model": SCRIPTED, "temperature": 0, "messages": [{"role": "user", "content": "Whose answer is it?"}]}
        answer = deployed.ask(f"{PARTNERS}/chat/completions", body, **bearer(deployed.keys[partner]))
        return dict(answer.json()["fourfold"])

    deployed.write("Mine", ".", now=2)
    assert [asked("reading-room")["cache"], asked("reading-room")["cache"]] == ["miss", "exact"]
    deployed.write("Yours", ".", now=2)
    assert asked("print-shop")["cache"] == "miss"
