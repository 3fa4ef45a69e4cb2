"""Two syntheses for all tests of Bedrock's branch, by what serves the customized model: each takes seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cdk_app.application import ROOT
from cdk_app.checks import Assembly
from tests.synth.customization.scripted_job import ANSWERS
from tests.synth.scripted_run import Walking, machine_of, walking


def synthesized(folder: Path, serving: str) -> Assembly:
    """What `app.py` makes of settings that ask for Bedrock's branch."""
    document = yaml.safe_load((ROOT / "workflow.yaml").read_text("utf-8"))
    document["data"]["outputs"] = ["chat", "bedrock-conversation"]
    document["tuning"]["bedrock"] = {"model": "nova-micro", "serving": serving, "time_to_live_hours": 48}
    workflow = folder / f"{serving}.yaml"
    workflow.write_text(yaml.safe_dump(document))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    chosen = {"CDK_OUTDIR": str(folder / serving), "CDK_CONTEXT_JSON": json.dumps({"workflow": str(workflow)})}
    subprocess.run([sys.executable, "app.py", "dev"], cwd=ROOT, env=inherited | chosen, check=True)
    return Assembly.read(folder / serving)


@pytest.fixture(scope="session")
def on_demand(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Where the customized model is served by the token."""
    return synthesized(tmp_path_factory.mktemp("customization"), "on-demand")


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Where throughput is bought for it."""
    return synthesized(tmp_path_factory.mktemp("customization"), "provisioned")


@pytest.fixture
def walk(on_demand: Assembly) -> Walking:
    """Walks Bedrock's branch, but with the answers that are given."""
    return walking(machine_of(on_demand), ANSWERS)


@pytest.fixture
def walk_provisioned(provisioned: Assembly) -> Walking:
    """The same where throughput is bought."""
    return walking(machine_of(provisioned), ANSWERS)
