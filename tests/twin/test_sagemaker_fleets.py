"""The fleets behind an endpoint: one that retires hands on what still comes, and nothing stopped starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twin.sagemaker_account import SERVING_IMAGE
from tests.twin.sagemaker_endpoints import INSTANCE
from twin.model_server import Answer, ModelServerError
from twin.sagemaker.serving.fleet import Fleet


class _Server:
    """A model server that says whether it is up."""

    running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def request(self, *_: object) -> Answer:
        return Answer(200, "text/plain", b"answered")


@pytest.fixture
def fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Fleet]:
    """Two fleets of one endpoint, which have come up."""
    monkeypatch.setenv("FOURFOLD_WORK_DIR", str(tmp_path))
    configuration = {"ProductionVariants": [{"VariantName": "Main", **INSTANCE}]}
    made = [Fleet("endpoint", configuration, {"PrimaryContainer": {"Image": SERVING_IMAGE}}) for _ in range(2)]
    for fleet in made:
        server = _Server()
        server.start()
        monkeypatch.setattr(fleet.container, "_server", server)
    return made


def running(fleet: Fleet) -> bool:
    return bool(fleet.container._server and fleet.container._server.running)


def test_a_request_that_comes_to_a_fleet_as_it_retires_is_answered_by_its_successor(fleets: list[Fleet]) -> None:
    former, fleet = fleets
    former.retire(fleet)
    assert former.invoke(b"", "text/plain", 1).body == b"answered"
    assert (running(former), running(fleet)) == (False, True)


def test_a_request_to_a_fleet_that_nothing_succeeds_starts_nothing(fleets: list[Fleet]) -> None:
    fleets[0].retire()
    with pytest.raises(ModelServerError, match="has been deleted"):
        fleets[0].invoke(b"", "text/plain", 1)
    assert not running(fleets[0])


def test_a_container_that_was_stopped_is_not_started_again(fleets: list[Fleet]) -> None:
    fleets[0].container.kill()
    with pytest.raises(ModelServerError, match="not running any more"):
        fleets[0].container.invoke(b"", "text/plain", 1)
    assert not running(fleets[0])
