"""Synthesize the templates the way a deployment does: by running `app.py` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# What jsii prints about the version of Node is for whoever maintains the project; the README says what works.
QUIET = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "20",
}


class SynthesisFailed(RuntimeError):
    """`app.py` ended with an error; the message is what it printed."""


def synthesize(root: Path, workflow: Path, environment: str, output: Path) -> Path:
    """Synthesize an environment into a cloud assembly folder and return it.

    Raises:
        SynthesisFailed: with what the synthesis printed.
    """
    context = {"env": environment, "workflow": str(workflow.resolve())}
    done = subprocess.run(
        [sys.executable, "app.py", environment],
        cwd=root,
        env={**os.environ, **QUIET, "CDK_OUTDIR": str(output), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SynthesisFailed((done.stderr or done.stdout).strip())
    return output
