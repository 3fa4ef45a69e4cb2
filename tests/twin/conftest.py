"""One emulator for every test of the twin: starting it takes a second, and tests keep apart by their names.

What is made in its account here is for the tests of more than one file.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.twin.helpers import unique
from tests.twin.sagemaker_endpoints import Endpoints
from twin.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator, IAM enforced, that nothing has been deployed to."""
    with Emulator(tmp_path_factory.mktemp("twin"), wait_scale=0.01) as running:
        yield running


@pytest.fixture(scope="session")
def code(emulator: Emulator) -> str:
    """A bucket for the scripts of Glue jobs."""
    bucket = unique("code")
    emulator.client("s3").create_bucket(Bucket=bucket)
    return bucket


@pytest.fixture(scope="session")
def endpoints(emulator: Emulator) -> Endpoints:
    """An account whose bucket holds a model's artefact."""
    return Endpoints(emulator)
