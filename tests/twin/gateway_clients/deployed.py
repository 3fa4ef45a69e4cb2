"""The gateway as it is deployed, and those who ask it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml

from tests.twin.helpers import Json, allow, make_role, unique
from tests.twin.scripted_model import ScriptedModel
from tests.twin.sign_in import CLIENT, SignIn, add_user
from twin.emulator import Emulator
from twin.emulator.account import REGION

IMPORTED = "arn:aws:bedrock:us-east-1:000000000000:imported-model"
SMOLLM2 = f"{IMPORTED}/smollm2q41v1"
SCRIPTED_IMPORT = "scripted0001"
SCRIPTED = "smollm2-135m-instruct"
"""What the gateway calls the model that a test writes for, token by token; `approved` is one with real weights."""
PRICED = "nova-micro"
"""The one model that is paid by the token, which SmolLM2 stands in for; the others are billed by time."""
EMBEDDER = "all-minilm-l6-v2"
CAP_USD = 0.0001
PARTNERS = ("reading-room", "print-shop")
STACK = "Fourfold-twin-Gateway"
"""The stack that is deployed, with the one that it depends on."""


def settings_document(project: Path) -> Json:
    """The project's own settings for the twin, with partners, a scripted model, and bounds that no test reaches.

    But for a caller's cap, which binds `PRICED` alone: three answers of it or so are the day's.
    """
    document: Json = yaml.safe_load((project / "workflow.yaml").read_text())
    rates = {"rate_limit": 1000, "burst_limit": 1000}
    document["environments"]["twin"]["gateway"] |= {
        **rates,
        "models": [{"model": SCRIPTED, "imported_model_id": SCRIPTED_IMPORT}, {"model": PRICED}],
        "budget": {"caller_usd_per_day": CAP_USD},
        "fallback": [],
        "partners": {"names": list(PARTNERS), **rates},
    }
    return document


@dataclass(frozen=True)
class Keys:
    """Credentials of an account's user, or of a session of a role's."""

    access_key: str
    secret_key: str
    token: str = ""

    def environment(self) -> dict[str, str]:
        """The variables in which SDKs and people keep them."""
        token = {"AWS_SESSION_TOKEN": self.token} if self.token else {}
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key, **token}


@dataclass(frozen=True)
class Deployed:
    """The gateway's API in an emulator.

    Attributes:
        emulator: where it is deployed.
        outputs: those of its stacks, by name.
        scripted: the model behind `SCRIPTED`.
    """

    emulator: Emulator
    outputs: Mapping[str, str]
    scripted: ScriptedModel

    @cached_property
    def url(self) -> str:
        """What the output `ApiUrl` is on AWS, without its last slash."""
        return self.emulator.api_url(self.outputs["RestApiId"], "live")

    @cached_property
    def keys(self) -> dict[str, str]:
        """The partners' API keys, by partner."""
        found = self.emulator.client("apigateway").get_api_keys(includeValues=True)["items"]
        return {partner: key["value"] for partner in PARTNERS for key in found if key["name"].endswith(partner)}

    @cached_property
    def key(self) -> str:
        """One of them."""
        return self.keys[PARTNERS[0]]

    @cached_property
    def service(self) -> Keys:
        """A session of a role that may ask the services' root and the two models behind it, and nothing else."""
        arn = f"arn:aws:execute-api:{REGION}:000000000000:{self.outputs['RestApiId']}/live/*/v1/*"
        invoke = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        models = [SMOLLM2, f"{IMPORTED}/{SCRIPTED_IMPORT}"]
        return self.session_of(make_role(self.emulator, "ec2", allow("execute-api:Invoke", arn), allow(invoke, models)))

    def session_of(self, role: str) -> Keys:
        """Credentials of a session of a role, as the root user gets them who lets it be assumed."""
        iam = self.emulator.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=document)
        made = self.emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def environment(self, keys: Keys | None = None) -> dict[str, str]:
        """Variables that send SDKs to the emulator, as the service."""
        return {**self.emulator.environment(), **(keys or self.service).environment()}

    def aws(self, service: str) -> Any:
        """A client of AWS's own services, as the service."""
        keys = self.service
        session = boto3.Session(keys.access_key, keys.secret_key, keys.token, region_name=REGION)
        return session.client(service, endpoint_url=self.emulator.endpoint_url)

    def sign_in(self, pool: str = "") -> SignIn:
        """A new user, of the deployed pool unless another one is given, with a client as the page's is."""
        client, pool = self.emulator.client("cognito-idp"), pool or self.outputs["UserPoolId"]
        given = {name: value for name, value in CLIENT.items() if name != "GenerateSecret"}
        made = client.create_user_pool_client(UserPoolId=pool, ClientName=unique("page"), **given)
        user = f"{unique('user')}@example.com"
        add_user(self.emulator, pool, user)
        return SignIn(self.emulator, self.domain(pool), pool, made["UserPoolClient"]["ClientId"], user)

    def domain(self, pool: str) -> str:
        """The prefix of a pool's domain, made where it has none."""
        client = self.emulator.client("cognito-idp")
        if known := client.describe_user_pool(UserPoolId=pool)["UserPool"].get("Domain"):
            return str(known)
        prefix = unique("chat")
        client.create_user_pool_domain(UserPoolId=pool, Domain=prefix, ManagedLoginVersion=2)
        return prefix

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> httpx.Response:
        """The answer to a plain request; `body` is sent as JSON."""
        way = method or ("GET" if body is None else "POST")
        content = {} if body is None else {"json": body}
        return httpx.request(way, f"{self.url}{path}", headers=headers, timeout=120, trust_env=False, **content)

    def write(self, *tokens: str, now: int = 1) -> ScriptedModel:
        """Let the scripted model write an answer of these tokens, so many of them at once."""
        self.scripted.tell(list(tokens))
        self.scripted.allow(now)
        return self.scripted
