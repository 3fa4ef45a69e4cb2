"""Which permission a request to Bedrock's runtime needs, on which model or guardrail."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin.emulator.hooks import Permission, Request, ServiceError

_INFERENCE_PROFILE = re.compile(r"(us|eu|apac|jp|au|ca|global|us-gov)\.[a-z0-9]+\..+")
_MODEL_PATH = re.compile(r"/model/(?P<model>.+)/(?P<call>[a-z-]+)$")
_GUARDRAIL_PATH = re.compile(r"/guardrail/(?P<guardrail>.+)/version/[^/]+/apply")
_STREAMING = ("converse-stream", "invoke-with-response-stream")
_CONVERSATIONS = ("converse", "converse-stream")


def bedrock_action(request: Request) -> str | None:
    """Converse needs the same permission as InvokeModel; there is no `bedrock:Converse`."""
    if _GUARDRAIL_PATH.fullmatch(request.path):
        return "bedrock:ApplyGuardrail"
    matched = _MODEL_PATH.fullmatch(request.path)
    if not matched:
        return f"bedrock:{request.path.strip('/').split('/')[0] or 'Unknown'}"
    if matched["call"] == "count-tokens":
        return "bedrock:CountTokens"
    return f"bedrock:InvokeModel{'WithResponseStream' if matched['call'] in _STREAMING else ''}"


def bedrock_resource(request: Request) -> str:
    """The ARN of a guardrail, a foundation model or an inference profile; other models are named by theirs."""
    if applied := _GUARDRAIL_PATH.fullmatch(request.path):
        return _guardrail(request, applied["guardrail"])
    matched = _MODEL_PATH.fullmatch(request.path)
    if not matched:
        return "*"
    model = matched["model"]
    if model.startswith("arn:"):
        return model
    if _INFERENCE_PROFILE.fullmatch(model):
        return f"arn:aws:bedrock:{request.region}:{request.account}:inference-profile/{model}"
    return f"arn:aws:bedrock:{request.region}::foundation-model/{model}"


def guardrails_of_conversations(request: Request) -> Iterable[Permission]:
    """bedrock:ApplyGuardrail on the guardrail that a conversation names."""
    matched = _MODEL_PATH.fullmatch(request.path)
    if not matched or matched["call"] not in _CONVERSATIONS:
        return
    try:
        given = request.parameters.get("guardrailConfig")
    except ServiceError:
        return  # the service itself says that the body is no JSON
    if isinstance(given, dict) and (identifier := given.get("guardrailIdentifier")):
        yield Permission("bedrock:ApplyGuardrail", _guardrail(request, str(identifier)))


def _guardrail(request: Request, identifier: str) -> str:
    whole = f"arn:aws:bedrock:{request.region}:{request.account}:guardrail/{identifier}"
    return identifier if identifier.startswith("arn:") else whole
