"""requirements.txt beside a training script.

The toolkit installs it in the container. Here the job runs on the project's own packages: what the file asks for
must be among them, and where a version differs the job's log says so.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from twin.sagemaker.jobs.failure import client_error


def check_requirements(file: Path, on_line: Callable[[str], None]) -> None:
    """Tell `on_line` of versions that differ.

    Raises JobFailedError for a package that is not installed, and for a line that is an option of pip's.
    """
    if not file.exists():
        return
    for line in file.read_text().splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted.startswith("-"):
            raise client_error(f"{file.name} has the line '{wanted}': here it may name packages, and nothing else.")
        if wanted:
            _check(wanted, file.name, on_line)


def _check(wanted: str, file: str, on_line: Callable[[str], None]) -> None:
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement as error:
        raise client_error(f"{file} asks for '{wanted}', which is no requirement: {error}") from error
    if requirement.marker and not requirement.marker.evaluate():
        return
    try:
        installed = version(requirement.name)
    except PackageNotFoundError as error:
        raise client_error(f"{file} asks for {requirement.name}, which is not installed here.") from error
    if not requirement.specifier.contains(installed, prereleases=True):
        on_line(f"{file} asks for {wanted}; the job runs on {requirement.name} {installed}.")
