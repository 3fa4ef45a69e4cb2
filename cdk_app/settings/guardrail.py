"""Section `gateway.guardrail`: what Bedrock's guardrail looks for in questions and answers."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from cdk_app.settings.section import Section

Strength = Literal["low", "medium", "high"]
PersonalData = Literal[
    "ADDRESS",
    "AGE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "CA_HEALTH_NUMBER",
    "CA_SOCIAL_INSURANCE_NUMBER",
    "CREDIT_DEBIT_CARD_CVV",
    "CREDIT_DEBIT_CARD_EXPIRY",
    "CREDIT_DEBIT_CARD_NUMBER",
    "DRIVER_ID",
    "EMAIL",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "IP_ADDRESS",
    "LICENSE_PLATE",
    "MAC_ADDRESS",
    "NAME",
    "PASSWORD",
    "PHONE",
    "PIN",
    "SWIFT_CODE",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
    "UK_NATIONAL_INSURANCE_NUMBER",
    "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
    "URL",
    "USERNAME",
    "US_BANK_ACCOUNT_NUMBER",
    "US_BANK_ROUTING_NUMBER",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT_NUMBER",
    "US_SOCIAL_SECURITY_NUMBER",
    "VEHICLE_IDENTIFICATION_NUMBER",
]
HarmfulContent = Literal["HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE"]
HARMFUL: tuple[HarmfulContent, ...] = get_args(HarmfulContent)


class DeniedTopic(Section):
    """A subject that is not talked about."""

    name: Annotated[str, Field(pattern=r"^[0-9a-zA-Z_ !?.-]{1,100}$", examples=["Investment advice"])]
    """What the subject is called."""

    definition: Annotated[str, Field(min_length=1, max_length=200)]
    """What belongs to it, in a sentence."""

    examples: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=5, strict=False)
    ] = ()
    """Questions about it."""


class Guardrail(Section):
    """A guardrail of Bedrock; what it finds is refused or masked, and the answer does not say which rule found it."""

    topics: Annotated[tuple[DeniedTopic, ...], Field(max_length=30, strict=False)] = ()
    """Subjects that are refused."""

    words: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=500, strict=False)
    ] = ()
    """Words and short phrases that are refused."""

    profanity: bool = False
    """Refuse swear words, by AWS's list."""

    mask: Annotated[tuple[PersonalData, ...], Field(max_length=31, strict=False)] = ()
    """Kinds of personal data that are replaced by their name."""

    block: Annotated[tuple[PersonalData, ...], Field(max_length=31, strict=False)] = ()
    """Kinds of personal data that are refused."""

    harmful_content: Strength | None = None
    """How strictly hate, insults, sexual content, violence and misconduct are refused."""

    attacks: Strength | None = None
    """How strictly questions are refused that try to talk the model out of its instruction."""

    grounding: Annotated[float, Field(ge=0.01, le=0.99)] | None = None
    """Least confidence that an answer from documents is backed by them."""

    relevance: Annotated[float, Field(ge=0.01, le=0.99)] | None = None
    """Least confidence that an answer from documents answers the question."""
