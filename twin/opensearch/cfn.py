"""CloudFormation's AWS::OpenSearchServerless::SecurityPolicy, AccessPolicy, Collection and Index.

What cannot be changed on AWS is replaced, which wants another name. Indexes are made as on AWS by a role that a data
access policy lets: the one that the stack is given has to be in one, with aoss:CreateIndex and the like.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.opensearch import errors, indexes, policies, store

_POLICY_PROPERTIES = {"Description", "Name", "Policy", "Type"}
_COLLECTION_PROPERTIES = {
    "DeletionProtection",
    "Description",
    "EncryptionConfig",
    "Name",
    "StandbyReplicas",
    "Tags",
    "Type",
    "VectorOptions",
}
_IN_PLACE = {"DeletionProtection", "Description", "VectorOptions"}
_INDEX_PROPERTIES = {"CollectionEndpoint", "IndexName", "Mappings", "Settings"}
_PATIENCE_S = 60.0
_LOOK_S = 0.05
# Between words that CloudFormation writes in one piece and OpenSearch with underscores.
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SETTINGS = {"KnnAlgoParamEfSearch": "knn.algo_param.ef_search"}


def register() -> None:
    """Provision them."""
    for noun in ("SecurityPolicy", "AccessPolicy"):
        kind = f"{noun[: -len('Policy')].lower()}_policy"
        hooks.add_cfn_resource(
            f"AWS::OpenSearchServerless::{noun}",
            create=partial(_create_policy, kind, noun),
            update=partial(_update_policy, kind, noun),
            delete=partial(_delete_policy, kind),
        )
    hooks.add_cfn_resource(
        "AWS::OpenSearchServerless::Collection",
        create=_create_collection,
        update=_update_collection,
        delete=_delete_collection,
    )
    hooks.add_cfn_resource(
        "AWS::OpenSearchServerless::Index", create=_create_index, update=_update_index, delete=_delete_index
    )


# ---- policies -------------------------------------------------------------------------------------------


def _create_policy(kind: str, noun: str, logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(properties, _POLICY_PROPERTIES, noun)
    _call("create", kind)(**_policy(properties))
    return f"{properties['Type']}|{properties['Name']}", {}


def _update_policy(kind: str, noun: str, named: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    _refuse_unknown(new, _POLICY_PROPERTIES, noun)
    if (old["Type"], old["Name"]) != (new["Type"], new["Name"]):
        return _create_policy(kind, noun, "", new, stack)
    name = {"type": new["Type"], "name": new["Name"]}
    version = next(iter(_call("get", kind)(**name).values()))["policyVersion"]
    _call("update", kind)(**{"description": "", **_policy(new)}, policyVersion=version)
    return named, {}


def _delete_policy(kind: str, named: str, properties: Json) -> None:  # noqa: ARG001
    type_, _, name = named.partition("|")
    client = _client()
    with suppress(client.exceptions.ResourceNotFoundException):  # what is gone already is deleted
        _call("delete", kind)(type=type_, name=name)


def _policy(properties: Json) -> Json:
    return {name.lower(): value for name, value in properties.items()}


def _call(verb: str, kind: str) -> Callable[..., Any]:
    called: Callable[..., Any] = getattr(_client(), f"{verb}_{kind}")
    return called


# ---- collections ----------------------------------------------------------------------------------------


def _create_collection(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(properties, _COLLECTION_PROPERTIES, "Collection")
    given = {name[0].lower() + name[1:]: value for name, value in properties.items() if name != "Tags"}
    if encryption := properties.get("EncryptionConfig"):
        names = {"AWSOwnedKey": "aWSOwnedKey", "KmsKeyArn": "kmsKeyArn"}
        given["encryptionConfig"] = {names[name]: value for name, value in encryption.items()}
    tags = [{"key": tag["Key"], "value": str(tag["Value"])} for tag in properties.get("Tags") or []]
    made = _client().create_collection(**given, **({"tags": tags} if tags else {}))
    return _collection(made["createCollectionDetail"]["id"])


def _update_collection(collection: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    _refuse_unknown(new, _COLLECTION_PROPERTIES, "Collection")
    if _without(old, _IN_PLACE) != _without(new, _IN_PLACE):
        if old["Name"] == new["Name"]:
            raise _replacing(new["Name"])
        return _create_collection("", new, stack)
    given = {name[0].lower() + name[1:]: new[name] for name in _IN_PLACE if name in new}
    _client().update_collection(id=collection, **{"description": "", "deletionProtection": "DISABLED", **given})
    return _collection(collection)


def _delete_collection(collection: str, properties: Json) -> None:  # noqa: ARG001
    client = _client()
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_collection(id=collection)


def _collection(collection: str) -> tuple[str, Json]:
    """A collection once it is active."""
    deadline = time.monotonic() + _PATIENCE_S
    while (found := _client().batch_get_collection(ids=[collection])["collectionDetails"][0])["status"] == "CREATING":
        if time.monotonic() > deadline:
            raise TimeoutError(f"The collection {found['name']} was not active within {_PATIENCE_S:g} seconds.")
        time.sleep(_LOOK_S)
    names = ("Id", "Arn", "CollectionEndpoint", "DashboardEndpoint", "KmsKeyArn")
    return collection, {name: found[name[0].lower() + name[1:]] for name in names}


# ---- indexes --------------------------------------------------------------------------------------------


def _create_index(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(properties, _INDEX_PROPERTIES, "Index")
    name = properties["IndexName"]
    collection = _addressed(properties, "aoss:CreateIndex", stack)
    with _as_cloudformation_tells_it():
        index = indexes.made(name, _body(properties))
        store.add_index(collection.id, index)
    return f"{name}|{properties['CollectionEndpoint']}", {"Uuid": index.uuid}


def _update_index(named: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    _refuse_unknown(new, _INDEX_PROPERTIES, "Index")
    if (_collection_id(old), old["IndexName"]) != (_collection_id(new), new["IndexName"]):
        return _create_index("", new, stack)
    collection = _addressed(new, "aoss:UpdateIndex", stack)
    with _as_cloudformation_tells_it():
        index = store.index_of(collection.id, new["IndexName"])
        indexes.change(index, _body(new))
    return named, {"Uuid": index.uuid}


def _delete_index(named: str, properties: Json) -> None:  # noqa: ARG001
    name, _, endpoint = named.partition("|")
    collection = hooks.collection_of(hooks.collection_at(endpoint))
    if collection is None or name not in store.everything().get(collection.id, {}):
        return  # what is gone already is deleted
    _require_permission(collection, name, "aoss:DeleteIndex")
    store.remove_index(collection.id, name)


def _collection_id(properties: Json) -> str:
    return hooks.collection_at(properties["CollectionEndpoint"])


def _addressed(properties: Json, permission: str, stack: str) -> hooks.Collection:
    """The collection of an index, whose data access policies give CloudFormation the permission."""
    collection = hooks.collection_of(_collection_id(properties))
    if collection is None:
        raise ValueError(f"There is no collection at {properties['CollectionEndpoint']}.")
    if not policies.is_public(hooks.network_policies(collection.arn), collection.name):
        raise ValueError(f"No network policy lets CloudFormation reach {collection.name}: AllowFromPublic.")
    _require_permission(collection, properties["IndexName"], permission, hooks.deploying_role(stack))
    return collection


def _require_permission(collection: hooks.Collection, index: str, permission: str, role: str | None = None) -> None:
    """Refuse what CloudFormation's role may not do or, where the stack was given no role, nobody may."""
    resource = f"index/{collection.name}/{index}"
    principals = policies.given_to(hooks.data_access_policies(collection.arn), permission, resource)
    if role not in principals if role else not principals:
        raise ValueError(
            f"No data access policy gives {role or 'anybody'} {permission} on {resource}: CloudFormation's execution "
            "role needs it."
        )


@contextmanager
def _as_cloudformation_tells_it() -> Iterator[None]:
    try:
        yield
    except errors.OpenSearchError as error:
        raise ValueError(f"[{error.kind}] {error.reason}") from error


def _body(properties: Json) -> Json:
    """Mappings and settings as OpenSearch writes them."""
    fields = (properties.get("Mappings") or {}).get("Properties") or {}
    settings = dict((properties.get("Settings") or {}).get("Index") or {})
    if unknown := sorted(set(properties.get("Settings") or {}) - {"Index"}):
        raise ValueError(f"The twin's indexes do not have the settings {', '.join(unknown)}.")
    named = {_SETTINGS.get(name) or _snake(name): value for name, value in settings.items()}
    return {
        "mappings": {"properties": {name: _snaked(field) for name, field in fields.items()}},
        "settings": {"index": {name: _typed(value) for name, value in named.items()}},
    }


def _snaked(given: Any) -> Any:
    if isinstance(given, dict):
        return {_snake(name): _snaked(value) for name, value in given.items()}
    return _typed(given)


def _snake(name: str) -> str:
    return _BORDER.sub("_", name).lower()


def _typed(value: Any) -> Any:
    """Numbers and truth values, which may come as texts: OpenSearch takes either, and so does CloudFormation."""
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# ---- what they share ------------------------------------------------------------------------------------


def _client() -> Any:
    return credentials.client("opensearchserverless")


def _refuse_unknown(properties: Json, known: set[str], noun: str) -> None:
    if unknown := sorted(set(properties) - known):
        raise ValueError(f"The twin's AWS::OpenSearchServerless::{noun} has no property {', '.join(unknown)}.")


def _without(properties: Json, names: set[str]) -> Json:
    return {name: value for name, value in properties.items() if name not in names}


def _replacing(name: str) -> ValueError:
    return ValueError(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {name} and update the stack again."
    )
