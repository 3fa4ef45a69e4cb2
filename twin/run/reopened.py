"""What the last run deployed, up again: the account is kept, and the endpoint comes back with the emulator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twin.emulator import Access, Emulator, EmulatorError, RunningEmulator
from twin.run.api import Api
from twin.run.board import Board, Progress, Status
from twin.run.page import Page, deployed_page
from twin.run.partners import partners
from twin.run.session import ENVIRONMENT, deployed_api
from twin.run.staging import Show, stack_outputs

STEPS = {"StartEmulator": "Start the emulator", "WakeEndpoint": "Wake the endpoint"}
NOTHING_TO_WAKE = "nothing to wake"
_POLL_S = 0.5


class NothingDeployed(Exception):
    """There is nothing to ask: no run has deployed the API, or it has been destroyed since."""

    def __init__(self, why: str = "Nothing is deployed on this machine. `fourfold run` deploys it.") -> None:
        super().__init__(why)


@dataclass(frozen=True)
class Deployed:
    """Attributes:
    api: the deployed API.
    page: the page in front of it, None where none is deployed.
    account: the emulator that serves both.
    partners: names of the API keys that partners have.
    """

    api: Api
    page: Page | None
    account: Access
    partners: tuple[str, ...] = ()


@contextmanager
def reopened(folder: Path, board: Board, port: int | None = None) -> Iterator[Deployed]:
    """Give what is deployed, once its endpoints are in service again.

    An emulator that runs already, such as that of `fourfold serve`, is used and left running.

    Args:
        folder: the emulator's directory.
        board: told of the steps `STEPS`.
        port: where it is to be served; by default where it was before, or where one is free.

    Raises:
        NothingDeployed: no API is deployed.
        EmulatorError: the emulator did not start, or cannot be served at the port.
    """
    if not (folder / "state").exists():
        raise NothingDeployed
    running = RunningEmulator.in_directory(folder)
    if running is not None:
        if port not in (None, urlsplit(running.endpoint_url).port):
            raise EmulatorError(
                f"What is deployed is served at {running.endpoint_url} already. End the command that serves it, or "
                "leave the port out."
            )
        board.finish("StartEmulator", Status.SKIPPED)
        yield _awake(running, board)
        return
    with board.step("StartEmulator"):
        emulator = Emulator(folder, persist=True, port=port)
        emulator.start()
    try:
        yield _awake(emulator, board)
    finally:
        emulator.stop()


def _awake(emulator: Access, board: Board) -> Deployed:
    outputs = stack_outputs(emulator, ENVIRONMENT)
    if not {"ApiUrl", "RestApiId"} <= outputs.keys():
        raise NothingDeployed
    if waking(emulator):
        with board.step("WakeEndpoint") as show:
            wait_for_endpoints(emulator, show)
    else:
        board.finish("WakeEndpoint", Status.SKIPPED, NOTHING_TO_WAKE)
    return Deployed(deployed_api(emulator, outputs), deployed_page(emulator, outputs), emulator, partners(emulator))


def wait_for_endpoints(emulator: Access, show: Show) -> None:
    """Wait until no endpoint is on its way; one that failed answers with its own error."""
    while moving := waking(emulator):
        show(Progress(f"waits for {moving[0]}"))
        time.sleep(_POLL_S)


def waking(emulator: Access) -> list[str]:
    """Return the names of the endpoints that are on their way."""
    listed = emulator.client("sagemaker").list_endpoints(StatusEquals="SystemUpdating")["Endpoints"]
    return [endpoint["EndpointName"] for endpoint in listed]
