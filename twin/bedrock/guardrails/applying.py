"""ApplyGuardrail, and what an answer tells of an assessment."""

from __future__ import annotations

import time

from twin.bedrock.checking import check_shape, parameters_of
from twin.bedrock.control import guardrails as kept
from twin.bedrock.guardrails.assessing import Assessment, Source, assess, usage
from twin.emulator.hooks import Json, Request, ServiceError
from twin.support import ANY, unsupported

_HONOURED = {
    "guardrailIdentifier": ANY,
    "guardrailVersion": ANY,
    "source": ANY,
    "content": {"text": {"text": ANY, "qualifiers": ANY}},
    "outputScope": frozenset({"INTERVENTIONS"}),
}


def apply_guardrail(request: Request, identifier: str, version: str) -> Json:
    """Answer an ApplyGuardrail request. Raises ServiceError."""
    began = time.monotonic()
    given = {**parameters_of("ApplyGuardrail", request), "guardrailIdentifier": identifier, "guardrailVersion": version}
    check_shape("ApplyGuardrail", given)
    if refused := list(unsupported(_HONOURED, given)):
        raise ServiceError("ValidationException", " ".join(refused))
    for block in given["content"]:
        check_qualifiers(block["text"])
    guardrail = kept.find(request, identifier, version)
    if guardrail is None:
        raise ServiceError("ResourceNotFoundException", kept.NO_SUCH, 404)
    return _answer(guardrail, given["source"], [block["text"]["text"] for block in given["content"]], began)


def check_qualifiers(block: Json) -> None:
    """Raise ValidationException for a text that is there to judge another by: grounding is not judged here."""
    if others := [one for one in block.get("qualifiers") or () if one != "guard_content"]:
        raise ServiceError("ValidationException", f"The qualifier {others[0]} is not supported here.")


def _answer(guardrail: Json, source: Source, texts: list[str], began: float) -> Json:
    found = assess(guardrail, source, texts)
    outputs = [message(guardrail, source)] if found.blocked else found.texts if found.intervened else []
    return {
        "usage": usage(guardrail, texts),
        "action": "GUARDRAIL_INTERVENED" if found.intervened else "NONE",
        "outputs": [{"text": text} for text in outputs],
        "assessments": [shown(guardrail, found, texts, began)],
        "guardrailCoverage": _coverage(texts),
    }


def message(guardrail: Json, source: Source) -> str:
    """What stands in the place of what is blocked."""
    return str(guardrail["blockedInputMessaging" if source == "INPUT" else "blockedOutputsMessaging"])


def shown(guardrail: Json, found: Assessment, texts: list[str], began: float) -> Json:
    """An assessment, as answers and traces show it."""
    metrics = {
        "guardrailProcessingLatency": round((time.monotonic() - began) * 1000),
        "usage": usage(guardrail, texts),
        "guardrailCoverage": _coverage(texts),
    }
    applied = {
        "guardrailId": guardrail["guardrailId"],
        "guardrailVersion": guardrail["version"],
        "guardrailArn": guardrail["guardrailArn"],
        "guardrailOrigin": ["REQUEST"],
        "guardrailOwnership": "SELF",
    }
    return {**found.policies, "invocationMetrics": metrics, "appliedGuardrailDetails": applied}


def _coverage(texts: list[str]) -> Json:
    total = sum(len(text) for text in texts)
    return {"textCharacters": {"guarded": total, "total": total}}
