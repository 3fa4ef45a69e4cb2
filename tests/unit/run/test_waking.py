"""`fourfold ask` says that it woke an endpoint where one was on its way, and else does not claim to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.main
import cli.serving
from cli.main import app
from tests.unit.run.conftest import FakeApi
from twin.run import reopened


class FakeEmulator:
    """An emulator that runs, whose endpoint is on its way for so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.endpoint_url = "http://127.0.0.1:4566"

    def client(self, service: str) -> Any:
        assert service in ("sagemaker", "apigateway")
        return self

    def list_endpoints(self, StatusEquals: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        assert StatusEquals == "SystemUpdating"
        self.looks -= 1
        return {"Endpoints": [{"EndpointName": "fourfold-twin"}] if self.looks >= 0 else []}

    def get_api_keys(self, **_asked: Any) -> dict[str, Any]:
        return {"items": []}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: FakeApi) -> Callable[[int], tuple[str, str]]:
    """Ask what a running emulator has deployed, whose endpoint is on its way for so many looks."""
    (tmp_path / ".fourfold" / "emulator" / "state").mkdir(parents=True)
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)
    monkeypatch.setattr(reopened, "_POLL_S", 0.01)
    monkeypatch.setattr(reopened, "stack_outputs", lambda *_: {"ApiUrl": api.url, "RestApiId": "r"})
    monkeypatch.setattr(reopened, "deployed_api", lambda *_: api.client)
    monkeypatch.setattr(cli.serving, "run_going_on", lambda _folder: None)

    def invoke(looks: int) -> tuple[str, str]:
        monkeypatch.setattr("twin.run.reopened.RunningEmulator.in_directory", lambda _folder: FakeEmulator(looks))
        result = CliRunner().invoke(app, ["ask", "a text"], catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout, result.stderr

    return invoke


def test_an_endpoint_that_was_on_its_way_has_been_woken(ask: Callable[[int], tuple[str, str]]) -> None:
    stdout, stderr = ask(3)
    assert stdout == "an answer\n"
    assert "waits for fourfold-twin" in stderr
    assert "succeeded Wake the endpoint" in stderr


def test_an_endpoint_that_was_awake_has_not_been_woken(ask: Callable[[int], tuple[str, str]]) -> None:
    stdout, stderr = ask(0)
    assert stdout == "an answer\n"
    assert "succeeded Wake the endpoint" not in stderr
    assert "skipped   Wake the endpoint  0:00  nothing to wake" in stderr
