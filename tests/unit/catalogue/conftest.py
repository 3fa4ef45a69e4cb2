"""An AWS that tells of models as the services do: botocore's clients with their answers stubbed."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import cli.main

REGION = "eu-west-1"

MODELS: list[dict[str, Any]] = [
    {
        "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-micro-v1:0",
        "modelId": "amazon.nova-micro-v1:0",
        "modelName": "Nova Micro",
        "providerName": "Amazon",
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": datetime.datetime(2027, 6, 1, tzinfo=datetime.UTC)},
    },
    {
        "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-micro-v1:0:128k",
        "modelId": "amazon.nova-micro-v1:0:128k",
        "modelName": "Nova Micro",
        "inferenceTypesSupported": ["PROVISIONED"],
        "modelLifecycle": {"status": "ACTIVE"},
    },
    {
        "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
        "modelId": "anthropic.claude-haiku-4-5-20251001-v1:0",
        "modelName": "Claude Haiku 4.5",
        "providerName": "Anthropic",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "ACTIVE"},
    },
    {
        "modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/newcomer.tiny-1-v1:0",
        "modelId": "newcomer.tiny-1-v1:0",
        "modelName": "Tiny 1",
        "providerName": "Newcomer",
        "inputModalities": ["TEXT"],
        "outputModalities": ["EMBEDDING"],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    },
]


def profile(geography: str, model_id: str, *regions: str) -> dict[str, Any]:
    """A system-defined inference profile as the service lists it."""
    profile_id = f"{geography}.{model_id}"
    return {
        "inferenceProfileName": profile_id,
        "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:111122223333:inference-profile/{profile_id}",
        "inferenceProfileId": profile_id,
        "models": [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model_id}"} for region in regions],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILES = [
    profile("eu", "amazon.nova-micro-v1:0", "eu-west-1", "eu-west-3"),
    profile("global", HAIKU, "", REGION),
]


def product(unit: str, usd: str, **attributes: str) -> dict[str, Any]:
    """A product of the Price List with its price on demand."""
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}}
    return {
        "product": {"attributes": {"regionCode": REGION, **attributes}},
        "terms": {"OnDemand": {"sku.term": {"priceDimensions": {"sku.term.rate": dimension}}}},
    }


BEDROCK_OFFER = [
    product(
        "1K tokens",
        "0.00005",
        model="Nova Micro",
        inferenceType="Input tokens",
        usagetype="EUW1-NovaMicro-input-tokens",
    ),
    product(
        "1K tokens",
        "0.0002",
        model="Nova Micro",
        inferenceType="Output tokens",
        usagetype="EUW1-NovaMicro-output-tokens",
    ),
    product(
        "1K tokens",
        "0.00001",
        model="Nova Micro",
        inferenceType="Input tokens batch",
        usagetype="x",
        feature="Batch Inference",
    ),
]
MARKETPLACE_OFFER = [
    product(
        "Units",
        "1.5",
        servicename="Claude Haiku 4.5 (Amazon Bedrock Edition)",
        usagetype="EUW1-MP:EUW1_InputTokenCount_Global-Units",
    ),
    product(
        "Units",
        "5",
        servicename="Claude Haiku 4.5 (Amazon Bedrock Edition)",
        usagetype="EUW1-MP:EUW1_OutputTokenCount_Global-Units",
    ),
]


class FakeAws:
    """Gives stubbed clients, as `boto3.client` gives real ones."""

    def __init__(self) -> None:
        made = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.bedrock = boto3.client("bedrock", region_name=REGION, **made)
        self.pricing = boto3.client("pricing", region_name="us-east-1", **made)
        self.stubs = {"bedrock": Stubber(self.bedrock), "pricing": Stubber(self.pricing)}
        self.asked: list[tuple[str, str]] = []
        for stub in self.stubs.values():
            stub.activate()

    def __call__(self, service: str, *, region_name: str) -> Any:
        self.asked.append((service, region_name))
        return {"bedrock": self.bedrock, "pricing": self.pricing}[service]

    def answer(self) -> None:
        """Let the services tell of two models that the catalogue knows, and of one that it does not."""
        bedrock, pricing = self.stubs["bedrock"], self.stubs["pricing"]
        bedrock.add_response("list_foundation_models", {"modelSummaries": MODELS}, {})
        for number, summary in enumerate(PROFILES):
            asked = {"typeEquals": "SYSTEM_DEFINED"} | ({"nextToken": str(number)} if number else {})
            more = {"nextToken": str(number + 1)} if number + 1 < len(PROFILES) else {}
            bedrock.add_response("list_inference_profiles", {"inferenceProfileSummaries": [summary], **more}, asked)
        here = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION}]
        for code, offer in (("AmazonBedrock", BEDROCK_OFFER), ("AmazonBedrockFoundationModels", MARKETPLACE_OFFER)):
            listed = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(item) for item in offer]}
            pricing.add_response("get_products", listed, {"ServiceCode": code, "Filters": here})


@pytest.fixture
def aws() -> FakeAws:
    """AWS, which has not been told yet what to answer."""
    return FakeAws()


@pytest.fixture
def answering(aws: FakeAws) -> FakeAws:
    """AWS, which answers once to everything that a refresh asks."""
    aws.answer()
    return aws


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No state of this machine, no credentials, no configuration."""
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in (
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path
