"""Deploy the synthesized assembly to an emulator with the CDK CLI, as one deploys it to AWS."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from twin.emulator import Emulator, EmulatorError
from twin.emulator.account import ACCOUNT_ID, REGION
from twin.processes import MARK_VARIABLE, run_process

OnLine = Callable[[str], None]

_REPOSITORY = Path(__file__).resolve().parents[1]
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE")


def bootstrap(emulator: Emulator, on_line: OnLine | None = None) -> None:
    """`cdk bootstrap`: the roles, the bucket and the key that deployments use.

    Raises EmulatorError with the CLI's last lines.
    """
    _cdk(emulator, ["bootstrap", f"aws://{ACCOUNT_ID}/{REGION}"], on_line)


def deploy(
    emulator: Emulator, assembly: Path, on_line: OnLine | None = None, stacks: Sequence[str] = ("--all",)
) -> None:
    """`cdk deploy` of an assembly (a `cdk.out`), which stays as it is: of `stacks` and those that they depend on.

    Raises EmulatorError with the CLI's last lines, which name the resource that failed and why.
    """
    options = ["--require-approval", "never", "--concurrency", "2"]
    _cdk(emulator, ["deploy", *_assembly(assembly), *stacks, *options], on_line)


def destroy(emulator: Emulator, assembly: Path, on_line: OnLine | None = None) -> None:
    """`cdk destroy --all`: what the templates retain on purpose stays.

    Raises EmulatorError with the CLI's last lines.
    """
    _cdk(emulator, ["destroy", *_assembly(assembly), "--all", "--force"], on_line)


def _assembly(assembly: Path) -> list[str]:
    return ["--app", str(assembly.resolve())]


def _cdk(emulator: Emulator, arguments: Sequence[str], on_line: OnLine | None) -> None:
    command = _REPOSITORY / "node_modules/.bin/cdk"
    if not command.exists():
        raise EmulatorError("The CDK CLI is not installed. `make setup` installs it (npm ci).")

    def show(line: str, _stream: str) -> None:
        if on_line and (text := _COLOUR.sub("", line).rstrip()):
            on_line(text)

    common = ["--no-notices", "--no-color", "--progress", "events"]
    done = run_process(
        [str(command), *arguments, *(common if arguments[0] == "deploy" else common[:2])],
        env=_environment(emulator),
        cwd=emulator.work_dir,
        on_line=show,
        merge=True,
    )
    if done.returncode:
        tail = "\n".join(_COLOUR.sub("", line) for line in done.tail[-25:])
        raise EmulatorError(f"`cdk {arguments[0]}` failed:\n{tail}\nThe emulator's log: {emulator.log_file}")


def _environment(emulator: Emulator) -> dict[str, str]:
    home = emulator.work_dir / "cdk"
    home.mkdir(parents=True, exist_ok=True)
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        **emulator.environment(),
        # The CLI keeps caches in a home of its own: the user's settings for AWS and CDK do not count here.
        "HOME": str(home),
        "CDK_HOME": str(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CI": "true",
        # The CLI ends with the emulator, whatever becomes of the program that called it.
        MARK_VARIABLE: emulator.mark,
    }
