"""Guardrails: their draft, which changes, and its versions, which do not."""

from __future__ import annotations

import copy

import regex

from twin.bedrock.control import errors, store
from twin.bedrock.guardrails.personal_data import KINDS
from twin.emulator.hooks import Json, Request
from twin.support import ANY

NO_SUCH = "The guardrail identifier or version provided in the request does not exist."
_NAME = "name"
# What requests call a policy, and each of its lists, that answers call otherwise.
_POLICIES = {
    "wordPolicyConfig": ("wordPolicy", {"wordsConfig": "words", "managedWordListsConfig": "managedWordLists"}),
    "sensitiveInformationPolicyConfig": (
        "sensitiveInformationPolicy",
        {"piiEntitiesConfig": "piiEntities", "regexesConfig": "regexes"},
    ),
}
_DESCRIBED = (_NAME, "description", "blockedInputMessaging", "blockedOutputsMessaging")
_SIDES = {"inputAction": ANY, "outputAction": ANY, "inputEnabled": ANY, "outputEnabled": ANY}
_CONFIGURED = {
    **dict.fromkeys(_DESCRIBED, ANY),
    "wordPolicyConfig": {"wordsConfig": {"text": ANY, **_SIDES}, "managedWordListsConfig": {"type": ANY, **_SIDES}},
    "sensitiveInformationPolicyConfig": {
        "piiEntitiesConfig": {"type": frozenset(KINDS), "action": ANY, **_SIDES},
        "regexesConfig": {"name": ANY, "description": ANY, "pattern": ANY, "action": ANY, **_SIDES},
    },
}


def find(request: Request, identifier: str, version: str) -> Json | None:
    """A version of a guardrail, by its id or ARN, as GetGuardrail shows it."""
    known = store.find("guardrail", identifier, "", store.prefix(request))
    if known is None:
        return None
    record = known[1]
    kept: Json | None = store.shown(record) if version in ("", "DRAFT") else record["_versions"].get(version)
    return kept


def create_guardrail(request: Request, parameters: Json) -> Json:
    """CreateGuardrail."""
    begin, token = store.prefix(request), parameters.get("clientRequestToken")
    for known in store.of("guardrail", begin):
        if token and known["_token"] == token:
            return _created(known)
    if any(other[_NAME] == parameters[_NAME] for other in store.of("guardrail", begin)):
        raise errors.conflict(f"Another guardrail in your account already has the name {parameters[_NAME]}.")
    configured = _configured(parameters)
    identifier, now = store.new_id(), store.now()
    arn = f"{begin}guardrail/{identifier}"
    record = {
        **configured,
        "guardrailId": identifier,
        "guardrailArn": arn,
        "version": "DRAFT",
        "status": "READY",
        "createdAt": now,
        "updatedAt": now,
        "_versions": {},
        "_versions_made": 0,
        "_version_of": {},  # by the token that a request for it had
        "_token": token,
        "_tags": parameters.get("tags") or [],
    }
    return _created(store.add("guardrail", arn, record))


def _created(record: Json) -> Json:
    return {key: record[key] for key in ("guardrailId", "guardrailArn", "version", "createdAt")}


def _configured(parameters: Json) -> Json:
    """What of a request makes up the guardrail. Raises ValidationException."""
    found = {key: parameters[key] for key in _DESCRIBED if key in parameters}
    for given, (policy, lists) in _POLICIES.items():
        entries = {
            shown: parameters[given][name] for name, shown in lists.items() if (parameters.get(given) or {}).get(name)
        }
        if entries:
            found[policy] = entries
    if not found.keys() & {policy for policy, _ in _POLICIES.values()}:
        raise errors.validation("The guardrail has no policy: give it one that has at least one entry.")
    for one in found.get("sensitiveInformationPolicy", {}).get("regexes", ()):
        try:
            regex.compile(one["pattern"])
        except regex.error as error:
            raise errors.validation(f"The pattern of the regex {one['name']} is invalid: {error}.") from error
    return found


def update_guardrail(request: Request, parameters: Json) -> Json:
    """UpdateGuardrail: the draft is what the request says, and nothing of what it was."""
    record = _record(request, parameters["guardrailIdentifier"])
    others = [one for one in store.of("guardrail", store.prefix(request)) if one is not record]
    if any(other[_NAME] == parameters[_NAME] for other in others):
        raise errors.conflict(f"Another guardrail in your account already has the name {parameters[_NAME]}.")
    configured = _configured(parameters)
    for gone in {*_DESCRIBED, *(policy for policy, _ in _POLICIES.values())} - configured.keys():
        record.pop(gone, None)
    store.update(record, **configured, updatedAt=store.now())
    return {key: record[key] for key in ("guardrailId", "guardrailArn", "version", "updatedAt")}


def create_guardrail_version(request: Request, parameters: Json) -> Json:
    """CreateGuardrailVersion: the draft as it stands."""
    record = _record(request, parameters["guardrailIdentifier"])
    token, known = parameters.get("clientRequestToken"), record["_version_of"]
    if token and token in known:
        return {"guardrailId": record["guardrailId"], "version": known[token]}
    made = record["_versions_made"] + 1
    number = str(made)
    kept = {**store.shown(record), "version": number, "createdAt": store.now(), "updatedAt": store.now()}
    if "description" in parameters:
        kept["description"] = parameters["description"]
    store.update(
        record,
        _versions_made=made,
        _version_of={**known, token: number} if token else known,
        _versions={**record["_versions"], number: kept},
    )
    return {"guardrailId": record["guardrailId"], "version": number}


def get_guardrail(request: Request, parameters: Json) -> Json:
    """GetGuardrail."""
    found = find(request, parameters["guardrailIdentifier"], parameters.get("guardrailVersion", "DRAFT"))
    if found is None:
        raise errors.not_found(NO_SUCH)
    return copy.deepcopy(found)


def list_guardrails(request: Request, parameters: Json) -> Json:
    """ListGuardrails: every draft, or one guardrail's draft and versions."""
    if "guardrailIdentifier" in parameters:
        record = _record(request, parameters["guardrailIdentifier"])
        listed = [record, *record["_versions"].values()]
    else:
        listed = store.of("guardrail", store.prefix(request))
    return {"guardrails": [_listed(one) for one in listed]}


def _listed(one: Json) -> Json:
    same = ("status", _NAME, "description", "version", "createdAt", "updatedAt")
    found = {key: one[key] for key in same if key in one}
    return {"id": one["guardrailId"], "arn": one["guardrailArn"], **found}


def delete_guardrail(request: Request, parameters: Json) -> Json:
    """DeleteGuardrail: one version, or the guardrail with all of them."""
    record = _record(request, parameters["guardrailIdentifier"])
    version = parameters.get("guardrailVersion")
    if version is None:
        store.remove("guardrail", record["guardrailArn"])
        return {}
    if version not in record["_versions"]:
        raise errors.not_found(NO_SUCH)
    store.update(record, _versions={key: kept for key, kept in record["_versions"].items() if key != version})
    return {}


def _record(request: Request, identifier: str) -> Json:
    found = store.find("guardrail", identifier, "", store.prefix(request))
    if found is None:
        raise errors.not_found(NO_SUCH)
    return found[1]


_NAMED = {"guardrailIdentifier": ANY}
OPERATIONS = {
    "CreateGuardrail": (create_guardrail, {**_CONFIGURED, "tags": ANY, "clientRequestToken": ANY}),
    "UpdateGuardrail": (update_guardrail, {**_CONFIGURED, **_NAMED}),
    "CreateGuardrailVersion": (create_guardrail_version, {**_NAMED, "description": ANY, "clientRequestToken": ANY}),
    "GetGuardrail": (get_guardrail, {**_NAMED, "guardrailVersion": ANY}),
    "ListGuardrails": (list_guardrails, _NAMED),
    "DeleteGuardrail": (delete_guardrail, {**_NAMED, "guardrailVersion": ANY}),
}
