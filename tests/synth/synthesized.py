"""The application for the environment `twin`, where the shared synthesis of the tests is for `dev`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk_app.application import open_application
from cdk_app.checks import Assembly
from stacks import create_stacks

_FOLDERS: list[TemporaryDirectory[str]] = []  # kept until the process ends


@cache
def twin_assembly() -> Assembly:
    """Templates of every stack, without the checks that the application adds."""
    folder = TemporaryDirectory(prefix="fourfold-synth-")
    _FOLDERS.append(folder)
    app, settings = open_application(["twin"], Path(folder.name))
    create_stacks(app, settings)
    app.synth()
    return Assembly.read(Path(folder.name))
