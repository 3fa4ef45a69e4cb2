"""`fourfold ask`, `serve` and `partner-key`: use what the last run deployed on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from cli.page import page_announcement
from cli.say import say
from cli.show import shown
from twin.emulator import Emulator, EmulatorError, RunningEmulator
from twin.run.api import APPROVED, Api
from twin.run.board import Board
from twin.run.going_on import GoingOn, run_going_on
from twin.run.page import USER, check_address
from twin.run.partners import partner_key
from twin.run.questions import SUMMARIZE
from twin.run.reopened import STEPS, Deployed, NothingDeployed, reopened
from twin.run.session import emulator_folder
from twin.run.standing import Standing, State, standing


class NoModel(NothingDeployed):
    """There is no model to ask; the text says how the last run stands, what that waits for, and what goes on."""


def ask_model(root: Path, text: str, console: Console) -> None:
    """Print what the deployed model answers to a text.

    Raises:
        NothingDeployed: no run has deployed anything.
        NoModel: the last run goes on, was stopped or has failed, and has deployed no model so far.
        ProbeFailed: the API refused the text; the message holds its answer.
        EmulatorError: the emulator did not start.
    """
    refuse_what_has_no_model(emulator_folder(root))
    with deployed(root) as found:
        output, _ = found.api.ask(SUMMARIZE, {"text": text})
    say(output, console)


def serve_model(
    root: Path, console: Console, user: str = USER, choose_password: bool = False, port: int | None = None
) -> None:
    """Serve what is deployed until Ctrl-C, and say how to ask it; what is served already is only told.

    Where the page wants users to sign in, there is one afterwards.

    Args:
        root: the project's folder.
        console: where it is said.
        user: the e-mail address to sign in with.
        choose_password: whether the user is asked for a password; by default one is made up, and shown this once.
        port: of the API and the page; by default the one that they had before, where it is free.

    Raises:
        NoAddress: the user's name is no e-mail address; nothing is started then.
        NothingDeployed: no run has deployed anything.
        EmulatorError: the emulator did not start, cannot be served at the port, or has ended by itself.
        PasswordRefused: the passwords that were chosen did not fit the policy.
    """
    check_address(user)
    folder = emulator_folder(root)
    served_already = RunningEmulator.in_directory(folder) is not None
    try:
        with deployed(root, port) as found:
            coming = what_is_coming(folder)
            if isinstance(found.account, Emulator) and found.account.moved_from:
                say(f"{found.account.moved_from} is taken; now at {found.account.port}.", console)
            for line in announcement(found.api, served_already, coming):
                say(line, console)
            for line in partners_announcement(found, ready=coming is None):
                say(line, console)
            for line in page_announcement(found, user, choose_password):
                say(line, console)
            if isinstance(found.account, Emulator):
                _wait_for_its_end(found.account)
    except KeyboardInterrupt:
        say("Stopped.", console)


def _wait_for_its_end(emulator: Emulator) -> None:
    """Wait for Ctrl-C. Raises EmulatorError, with what to do, should nothing be served before that."""
    try:
        emulator.wait()
    except EmulatorError as error:
        raise EmulatorError(f"{error}\n`fourfold serve` serves again what was deployed.") from error


def show_partner_key(root: Path, name: str, console: Console) -> None:
    """Print the value of a partner's API key for what is served now, and nothing else, as for `$(…)`.

    Raises:
        NothingDeployed: nothing is served.
        NoSuchPartner: nobody has a key, or none of this name, or several have one and none is named.
    """
    say(partner_key(served(root), name), console)


def served(root: Path) -> RunningEmulator:
    """Give the emulator that serves what is deployed. Raises NothingDeployed, with what to do, where none does."""
    running = RunningEmulator.in_directory(emulator_folder(root))
    if running is None:
        raise NothingDeployed("Nothing is served. `fourfold serve` in another terminal serves what is deployed.")
    return running


def refuse_what_has_no_model(folder: Path) -> None:
    """Refuse to ask where the last run has left no model: an emulator would be started, or waited for, to say so.

    Raises:
        NoModel: the last run deployed none, or not yet, or it was destroyed.
    """
    if RunningEmulator.in_directory(folder) is not None:
        if coming := what_is_coming(folder):
            raise NoModel(f"There is no model to ask yet. {coming}")
        return
    stands = standing(folder)
    if stands is None:
        return
    if stands.state in (State.DESTROYED, State.LOST) or (stands.state is State.FAILED and not stands.has_deployed):
        raise NoModel(f"There is no model to ask. {stands}")
    if not stands.reported and not stands.has_deployed:
        raise NoModel(f"There is no model to ask yet. {stands}")


def what_is_coming(folder: Path) -> GoingOn | Standing | None:
    """Return the run that may yet deploy a model: one that goes on, or was stopped; None where there is none."""
    stands = standing(folder)
    if stands is not None and stands.has_deployed:
        return None
    going_on = run_going_on(folder)
    if going_on is not None:
        return going_on
    return stands if stands is not None and not stands.reported else None


def announcement(api: Api, served_already: bool, coming: GoingOn | Standing | None) -> Iterator[str]:
    """Say where the API is, until when, how to ask it, and where it has no model yet what that waits for."""
    until = "until the command that started it ends" if served_already else "until Ctrl-C"
    yield f"Served at {api.url} {until}."
    if coming is not None:
        yield f"There is no model to ask yet, and the API answers 503. {coming}"
    yield f"To ask it{' then' if coming else ''}:\n"
    yield curl(api)
    yield '\nBoto3 and other clients of AWS, in another terminal: eval "$(.venv/bin/fourfold credentials)"'


def partners_announcement(found: Deployed, *, ready: bool) -> Iterator[str]:
    """Say where clients with an API key ask, such as OpenAI's, and what prints the key; it is not shown here.

    Where there is a model, and the approved one writes nothing, say which do.
    """
    if not found.partners:
        return
    several = len(found.partners) > 1
    command = f"fourfold partner-key{' NAME' if several else ''}"
    yield f"\nOpenAI's client and others with an API key: {found.api.url}/partners/v1"
    names = f", of {', '.join(found.partners)}" if several else ""
    yield f"`{command}` in another terminal prints the key{names}."
    writing = found.api.writing() if ready else ()
    if writing and APPROVED not in writing:
        yield f"`{APPROVED}` picks sentences, for /v1/summarize alone: give these clients {' or '.join(writing)}."


def curl(api: Api) -> str:
    """Return a command that asks the API, with its signature."""
    user = f"{api.credentials.access_key}:{api.credentials.secret_key}"
    words = ["curl", "--aws-sigv4", f"aws:amz:{api.region}:execute-api", "--user", user]
    words += [
        "--header",
        "Content-Type: application/json",
        "--data",
        '{"text": "Here goes the text. It may have several sentences."}',
        f"{api.url}{SUMMARIZE}",
    ]
    return shlex.join(words)


@contextmanager
def deployed(root: Path, port: int | None = None) -> Iterator[Deployed]:
    """Give what is deployed, showing on the error stream how it comes up: the output is for the answer."""
    board = Board()
    for name, label in STEPS.items():
        board.add(name, label)
    with ExitStack() as stack:
        with shown(board, Console(stderr=True)):
            try:
                found = stack.enter_context(reopened(emulator_folder(root), board, port))
            except NothingDeployed as error:
                coming = what_is_coming(emulator_folder(root))
                raise NoModel(f"There is no model to ask yet. {coming}") if coming else error from None
        yield found
