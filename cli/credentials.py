"""`fourfold credentials`: what sends clients of AWS to what is served on this machine, for `eval` in a POSIX shell.

The lines are those of `aws configure export-credentials --format env`, and beside them the region and the address.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

from cli.say import say
from cli.serving import served
from twin.run.reopened import NothingDeployed

OTHERS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
"""Variables of another account that clients would follow beside these, or send here."""


def show_credentials(root: Path, console: Console) -> None:
    """Print the variables with which any SDK or CLI of AWS asks what is served now, as the account's root user.

    Raises:
        NothingDeployed: nothing is served. `false` is printed: it fails the `eval`, so that no command after `&&` goes
            to an account of the user's own.
    """
    try:
        environment = served(root).environment()
    except NothingDeployed:
        say("false", console)
        raise
    for line in exports(environment):
        say(line, console)


def exports(environment: Mapping[str, str]) -> Iterator[str]:
    """Give the lines that a shell evaluates."""
    yield f"unset {' '.join(OTHERS)}"
    yield from (f"export {name}={shlex.quote(value)}" for name, value in environment.items())
