"""One emulator for every test of the twin: starting it takes a second, and tests keep apart by their names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from twin.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator, IAM enforced, that nothing has been deployed to."""
    with Emulator(tmp_path_factory.mktemp("twin"), wait_scale=0.01) as running:
        yield running
