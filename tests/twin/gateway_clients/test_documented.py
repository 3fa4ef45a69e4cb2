"""What docs/api.md tells people to type works as it stands there, once addresses and keys are filled in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import boto3
import pytest

from tests.twin.gateway_clients.deployed import SMOLLM2, Deployed

_TEXT = (Path(__file__).resolve().parents[3] / "docs/api.md").read_text()
_SECTION = _TEXT.partition("\n## Clients\n")[2].partition("\n## ")[0]
SNIPPETS = re.findall(r"```(python|sh)\n(.*?)```", _SECTION, re.DOTALL)
# What each prints when it works, in their order.
PRINTED = [
    "'approved'",
    r"\w",
    r"data: \[DONE\]",
    r'"passages": \[\{.*"answered":',
    r"(True|False) \[.*'content': 'What do barn owls hunt\?'",
    '"output": "',
    '"output": "',
    r"\w",
    r"\w",
]


@pytest.fixture
def service(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service's environment, and an SDK that has read none before."""
    for name, value in deployed.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def filled_in(deployed: Deployed, snippet: str) -> str:
    values = {"<ApiUrl>": f"{deployed.url}/", "<key>": deployed.key, "<model>": SMOLLM2}
    for name, value in values.items():
        snippet = snippet.replace(name, value)
    return snippet


def test_every_snippet_is_tried() -> None:
    assert len(SNIPPETS) == len(PRINTED)


@pytest.mark.parametrize(
    ("kind", "snippet", "printed"), [(*one, told) for one, told in zip(SNIPPETS, PRINTED, strict=True)]
)
def test_a_snippet_works_as_it_stands_there(
    deployed: Deployed, service: None, capsys: pytest.CaptureFixture[str], kind: str, snippet: str, printed: str
) -> None:
    text = filled_in(deployed, snippet)
    if kind == "sh":
        told = subprocess.run(["bash", "-ec", text], capture_output=True, text=True, timeout=120, check=True).stdout
    else:
        exec(compile(text, "docs/api.md", "exec"), {})
        told = capsys.readouterr().out
    assert re.search(printed, told, re.DOTALL), told
