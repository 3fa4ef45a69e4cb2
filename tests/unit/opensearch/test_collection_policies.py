"""Policies of collections match by prefix, part by part, and add up."""

from __future__ import annotations

from typing import Any

import pytest

from twin.opensearch.policies import allows, given_to, is_public

READ, WRITE = "aoss:ReadDocument", "aoss:WriteDocument"
ROLE, USER = "arn:aws:iam::000000000000:role/reader", "arn:aws:iam::000000000000:user/writer"


def access(resource: str, *permissions: str, principal: str = ROLE, kind: str = "index") -> Any:
    rule = {"ResourceType": kind, "Resource": [resource], "Permission": list(permissions)}
    return [{"Rules": [rule], "Principal": [principal]}]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("index/films/plots", True),
        ("index/films/plot*", True),
        ("index/films/*", True),
        ("index/fil*/plots", True),
        ("index/*/*", True),
        ("index/films/plot", False),
        ("index/films/lots", False),
        ("index/fil*", False),
        ("index/*", False),
        ("index/film/*", False),
    ],
)
def test_a_pattern_names_indexes_by_the_beginning_of_each_part(pattern: str, fits: bool) -> None:
    assert allows([access(pattern, READ)], {ROLE}, READ, "index/films/plots") is fits


def test_only_what_is_given_to_the_principal_is_allowed() -> None:
    policies = [access("index/films/*", READ), access("index/films/*", WRITE, principal=USER)]
    assert allows(policies, {ROLE}, READ, "index/films/plots")
    assert not allows(policies, {ROLE}, WRITE, "index/films/plots")
    assert allows(policies, {ROLE, USER}, WRITE, "index/films/plots")
    assert not allows(policies, set(), READ, "index/films/plots")
    assert given_to(policies, WRITE, "index/films/plots") == {USER}


def test_all_permissions_are_given_at_once_but_only_on_resources_of_the_kind() -> None:
    assert allows([access("index/films/*", "aoss:*")], {ROLE}, WRITE, "index/films/plots")
    collection = access("collection/films", "aoss:*", kind="collection")
    assert not allows([collection], {ROLE}, WRITE, "index/films/plots")


@pytest.mark.parametrize(
    ("kind", "resource", "public", "open_"),
    [
        ("collection", "collection/films", True, True),
        ("collection", "collection/f*", True, True),
        ("collection", "collection/*", True, True),
        ("collection", "collection/films", False, False),
        ("collection", "collection/others", True, False),
        ("dashboard", "collection/films", True, False),
    ],
)
def test_a_network_policy_opens_the_collections_that_it_names_to_everyone(
    kind: str, resource: str, public: bool, open_: bool
) -> None:
    policy = [{"Rules": [{"ResourceType": kind, "Resource": [resource]}], "AllowFromPublic": public}]
    assert is_public([policy], "films") is open_


def test_where_one_of_several_statements_opens_a_collection_it_is_open() -> None:
    rules = [{"ResourceType": "collection", "Resource": ["collection/films"]}]
    closed = {"Rules": rules, "AllowFromPublic": False, "SourceVPCEs": ["vpce-1"]}
    assert is_public([[closed, {"Rules": rules, "AllowFromPublic": True}]], "films")
    assert not is_public([], "films")
