"""One synthesis for all tests of templates: `app.py` as `make synth` runs it, for the default environment.

Of what is off by default there is one more, with everything on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdk_app.application import ROOT
from cdk_app.checks.assembly import Assembly
from cdk_app.checks.state_machines.definitions import StateMachine
from cdk_app.settings import Settings, load_settings
from tests.synth.optional import optional_assembly
from tests.synth.scripted_run import OPTIONAL, TUNED, Walking, machine_of, walking
from tests.synth.templates import Template, templates_by_step

# jsii draws a box about the age of Node on every start.
for _name in ("END_OF_LIFE", "DEPRECATED"):
    os.environ.setdefault(f"JSII_SILENCE_WARNING_{_name}_NODE_VERSION", "20")


def synthesize(outdir: Path, environment: str = "dev", *, hash_seed: int = 0) -> Path:
    """Run `app.py` in a process of its own, without any AWS variable, and return its cloud assembly."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    subprocess.run(
        [sys.executable, "app.py", environment],
        cwd=ROOT,
        env=inherited | {"CDK_OUTDIR": str(outdir), "PYTHONHASHSEED": str(hash_seed)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return outdir


@pytest.fixture(scope="session")
def cloud_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make synth` makes, for `dev`."""
    return synthesize(tmp_path_factory.mktemp("synth") / "cdk.out")


@pytest.fixture(scope="session")
def assembly(cloud_assembly: Path) -> Assembly:
    """The same, as the checks read it."""
    return Assembly.read(cloud_assembly)


@pytest.fixture(scope="session")
def templates(cloud_assembly: Path) -> dict[str, Template]:
    """The same, by step: `templates["Serving"]`."""
    return templates_by_step(cloud_assembly)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings that the shared synthesis is made from."""
    return load_settings(ROOT / "workflow.yaml", "dev")


@pytest.fixture(scope="session")
def machine(assembly: Assembly) -> StateMachine:
    """The state machine of the shared synthesis."""
    return machine_of(assembly)


@pytest.fixture
def walk(machine: StateMachine) -> Walking:
    """Walks the tuned way, but with the answers that are given."""
    return walking(machine, TUNED)


@pytest.fixture(scope="session")
def optional() -> Assembly:
    """The templates with everything on that is off by default."""
    return optional_assembly()


@pytest.fixture
def walk_optional(optional: Assembly) -> Walking:
    """The same as `walk`, with everything on."""
    return walking(machine_of(optional), OPTIONAL)
