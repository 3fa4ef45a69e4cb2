"""How the environments of the file are laid over what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings.document import Entry, KeyPath
from cdk_app.settings.environments import merge
from cdk_app.settings.model import Settings
from cdk_app.settings.problems import Problem

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]

KEYS = st.sampled_from(["a", "b", "c"])
TREES = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
FILES = st.dictionaries(KEYS, TREES, max_size=3)


def entry(plain: Any, line: int = 1, path: KeyPath = ()) -> Entry:
    """Make an entry out of plain values, all in one line."""
    if isinstance(plain, dict):
        return Entry({key: entry(value, line, (*path, key)) for key, value in plain.items()}, line, path)
    if isinstance(plain, list):
        return Entry([entry(value, line, (*path, at)) for at, value in enumerate(plain)], line, path)
    return Entry(plain, line, path)


@given(base=FILES)
def test_merging_an_empty_overlay_changes_nothing(base: dict[str, Any]) -> None:
    assert merge(entry(base), entry({})) == entry(base)


@given(overlay=FILES)
def test_merging_over_nothing_gives_the_overlay(overlay: dict[str, Any]) -> None:
    assert merge(entry({}), entry(overlay)).plain() == overlay


@given(base=FILES, overlay=FILES)
def test_an_overlay_merged_twice_is_an_overlay_merged_once(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    once = merge(entry(base), entry(overlay))
    assert merge(once, entry(overlay)) == once


@given(base=FILES, overlay=FILES)
def test_every_value_comes_from_the_overlay_where_it_has_one(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    merged = merge(entry(base, line=1), entry(overlay, line=2))
    for key, inner in merged.value.items():  # type: ignore[union-attr]
        if key not in overlay:
            assert inner == entry(base[key], 1, (key,))
        elif not (isinstance(overlay[key], dict) and isinstance(base.get(key), dict)):
            assert inner == entry(overlay[key], 2, (key,))


def test_sections_merge_and_lists_are_replaced(load: Load, document: dict[str, Any]) -> None:
    document["tuning"] = {"rank": 4, "alpha": 8}
    document["environments"] = {"twin": {"tuning": {"rank": 2}, "selection": {"candidates": [{"model": "nova-lite"}]}}}
    dev, twin = load(document, "dev"), load(document, "twin")
    assert (dev.tuning.rank, twin.tuning.rank, twin.tuning.alpha) == (4, 2, 8)
    assert [candidate.model for candidate in twin.selection.candidates] == ["nova-lite"]


def test_an_environment_may_take_a_value_away(load: Load, document: dict[str, Any]) -> None:
    document["budget"] = {"notify_email": "team@example.com"}
    document["environments"] = {"twin": {"budget": {"notify_email": None}}}
    assert load(document, "twin").budget.notify_email is None


@pytest.mark.parametrize("environments", [None, {}, {"dev": None}, {"prod": {}}])
def test_environments_may_be_empty(load: Load, document: dict[str, Any], environments: object) -> None:
    plain = load(document)
    document["environments"] = environments
    assert load(document) == plain


def test_a_mistake_in_prod_is_found_while_working_on_dev(problems: Problems) -> None:
    text = """\
task: {instruction: Summarize.}
data: {dataset: news, columns: {text: body, target: summary}}
selection: {candidates: [{model: nova-micro}]}
tuning: {rank: 8}
environments:
  prod:
    tuning:
      alpha: 1
      rank: -1
"""
    (problem,) = problems(text, "dev")
    assert (problem.line, problem.key) == (9, "environments.prod.tuning.rank")


def test_a_mistake_that_all_environments_share_is_reported_once(problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"rank": 0}
    document["environments"] = {"prod": {"tuning": {"alpha": 8}}}
    assert [problem.key for problem in problems(document)] == ["tuning.rank"]


def test_a_section_missing_in_an_overlays_list_item_points_to_the_overlay(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["environments"] = {"twin": {"selection": {"candidates": [{"strategy": "zero-shot"}]}}}
    (problem,) = problems(document)
    assert problem.key == "environments.twin.selection.candidates[0].model"


@pytest.mark.parametrize(
    ("environments", "key", "message"),
    [
        ({"pord": {}}, "environments.pord", "unknown environment"),
        ({"prod": 3}, "environments.prod", "this is not a section"),
        ([], "environments", "this is not a section"),
    ],
)
def test_what_is_no_environment_is_refused(
    problems: Problems, document: dict[str, Any], environments: object, key: str, message: str
) -> None:
    document["environments"] = environments
    (problem,) = problems(document)
    assert (problem.key, problem.message) == (key, message)
