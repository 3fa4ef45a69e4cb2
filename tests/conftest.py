"""How tests share workers: those that share what takes long to make stay on one, the longest begin first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

# A machine that is busy with other things is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_TOGETHER = ("tests/twin/end_to_end/", "tests/twin/gateway_clients/", "tests/synth/")
"""Folders whose tests share one deployment, or one synthesis; elsewhere a file is what stays together."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Deals out tests to workers by what they share.

    pytest-xdist's own `--dist loadgroup` writes the group into the test's id, which pytest 9.2 no longer lets it do.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Deal out tests by what they share."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest, so that no worker has it left when the others are done."""
    items.sort(key=lambda item: _group(item.nodeid) not in _TOGETHER)


def _group(nodeid: str) -> str:
    return next((folder for folder in _TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])
