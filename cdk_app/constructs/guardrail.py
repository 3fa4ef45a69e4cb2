"""Bedrock's guardrail, as the settings describe it, and the version of it that requests name."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_app.constructs.grants import allow, through_service
from cdk_app.settings import Guardrail as GuardrailSettings
from cdk_app.settings.guardrail import HARMFUL

BLOCKED = "This is not answered: it does not agree with the rules of this service."
"""What stands in the place of whatever is blocked: the gateway's own words, so that none tell what blocked it."""
_OFF = "NONE"
_TAG_LENGTH = 8


class Guardrail(Construct):
    """A guardrail and a version of it. What a version holds never changes: other settings make another version."""

    identifier: str
    version: str

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, settings: GuardrailSettings, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id)
        policies = _policies(settings)
        made = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=name,
            description="What the gateway refuses or masks.",
            blocked_input_messaging=BLOCKED,
            blocked_outputs_messaging=BLOCKED,
            kms_key_arn=key.key_arn,
            **policies,
        )
        content = json.dumps({**policies, "blocked": BLOCKED}, sort_keys=True, default=str)
        tag = hashlib.sha256(content.encode()).hexdigest()[:_TAG_LENGTH]
        version = bedrock.CfnGuardrailVersion(
            self, f"Version{tag}", guardrail_identifier=made.attr_guardrail_id, description=f"Settings {tag}."
        )
        self.identifier, self.version = made.attr_guardrail_id, version.attr_version
        self._arn, self._key = made.attr_guardrail_arn, key

    def use(self, role: iam.Role) -> None:
        """Let a role apply the guardrail, around a model's answer or by itself."""
        allow(role, ["bedrock:ApplyGuardrail"], [self._arn])
        allow(role, ["kms:Decrypt"], [self._key.key_arn], conditions=through_service("bedrock"))


def _policies(settings: GuardrailSettings) -> dict[str, Any]:
    """The properties of the resource that say what is looked for; none that looks for nothing."""
    policies = {
        "topic_policy_config": _topics(settings),
        "word_policy_config": _words(settings),
        "sensitive_information_policy_config": _personal_data(settings),
        "content_policy_config": _content(settings),
        "contextual_grounding_policy_config": _grounding(settings),
    }
    return {name: policy for name, policy in policies.items() if policy}


def _topics(settings: GuardrailSettings) -> dict[str, Any] | None:
    topics = [
        {"name": topic.name, "definition": topic.definition, "type": "DENY", "examples": list(topic.examples)}
        for topic in settings.topics
    ]
    return {"topicsConfig": topics} if topics else None


def _words(settings: GuardrailSettings) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if settings.words:
        found["wordsConfig"] = [{"text": word} for word in settings.words]
    if settings.profanity:
        found["managedWordListsConfig"] = [{"type": "PROFANITY"}]
    return found or None


def _personal_data(settings: GuardrailSettings) -> dict[str, Any] | None:
    actions = {"ANONYMIZE": settings.mask, "BLOCK": settings.block}
    found = [{"type": kind, "action": action} for action, kinds in actions.items() for kind in kinds]
    return {"piiEntitiesConfig": found} if found else None


def _content(settings: GuardrailSettings) -> dict[str, Any] | None:
    filters = []
    if settings.harmful_content:
        strength = settings.harmful_content.upper()
        filters += [{"type": kind, "inputStrength": strength, "outputStrength": strength} for kind in HARMFUL]
    if settings.attacks:
        # There are no attacks in answers.
        attacks = {"type": "PROMPT_ATTACK", "inputStrength": settings.attacks.upper(), "outputStrength": _OFF}
        filters.append(attacks)
    return {"filtersConfig": filters} if filters else None


def _grounding(settings: GuardrailSettings) -> dict[str, Any] | None:
    thresholds = {"GROUNDING": settings.grounding, "RELEVANCE": settings.relevance}
    filters = [{"type": kind, "threshold": least} for kind, least in thresholds.items() if least is not None]
    return {"filtersConfig": filters} if filters else None
