"""What docs/api.md tells people to type works as it stands there, in a shell that knows of AWS only what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.twin.gateway_clients.deployed import Deployed

_TEXT = (Path(__file__).resolve().parents[3] / "docs/api.md").read_text()
_SECTION = _TEXT.partition("\n## Clients\n")[2].partition("\n## ")[0]
_SNIPPET = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)
# What sets the variables of AWS, for all that is told after it.
_COMMAND = ".venv/bin/fourfold credentials"
_VARIABLES = f'eval "$({_COMMAND})"\n'
_WITH_A_KEY, _WITH_CREDENTIALS = _SECTION.split(f"```sh\n{_VARIABLES}```")
SNIPPETS = [(*one, False) for one in _SNIPPET.findall(_WITH_A_KEY)]
SNIPPETS += [(*one, True) for one in _SNIPPET.findall(_WITH_CREDENTIALS)]
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


@pytest.fixture(autouse=True)
def newcomer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that knows nothing of AWS, and an SDK that has read none before."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def credentials(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The variables of a shell that has evaluated what the command prints, by the line in the page."""
    monkeypatch.setattr("cli.serving.emulator_folder", lambda _root: deployed.emulator.work_dir)
    printed = tmp_path / "printed"
    printed.write_text(CliRunner().invoke(app, _COMMAND.split()[1:], catch_exceptions=False).stdout)
    line = _VARIABLES.replace(_COMMAND, f"cat {printed}")
    shell = subprocess.run(["bash", "-ec", f"{line} env -0"], capture_output=True, text=True, timeout=60, check=True)
    return dict(variable.split("=", 1) for variable in shell.stdout.rstrip("\0").split("\0"))


def filled_in(deployed: Deployed, snippet: str) -> str:
    """Put in what the table of the page says, or where it says that it is told."""
    told = re.search(r"^\| `<model>`.*?\| `(arn:[^`]+)`", _SECTION, re.MULTILINE)
    assert told is not None
    values = {"<ApiUrl>": f"{deployed.url}/", "<key>": deployed.key, "<model>": told[1]}
    for name, value in values.items():
        snippet = snippet.replace(name, value)
    return snippet


def test_every_snippet_is_tried() -> None:
    assert len(SNIPPETS) == len(PRINTED)


@pytest.mark.parametrize(
    ("kind", "snippet", "signs", "printed"), [(*one, told) for one, told in zip(SNIPPETS, PRINTED, strict=True)]
)
def test_a_snippet_works_as_it_stands_there(
    deployed: Deployed,
    credentials: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    snippet: str,
    signs: bool,
    printed: str,
) -> None:
    text = filled_in(deployed, snippet)
    for name, value in credentials.items() if signs else ():
        monkeypatch.setenv(name, value)
    if kind == "sh":
        told = subprocess.run(["bash", "-ec", text], capture_output=True, text=True, timeout=120, check=True).stdout
    else:
        exec(compile(text, "docs/api.md", "exec"), {})
        told = capsys.readouterr().out
    assert re.search(printed, told, re.DOTALL), told
