"""What ends a run, as one message that says what to do."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from twin.emulator import EmulatorError
from twin.run.api import ApiRefused, ProbeFailed
from twin.run.approval import NobodyWaits
from twin.run.page import NoAddress, PasswordRefused
from twin.run.partners import NoSuchPartner
from twin.run.reopened import NothingDeployed
from twin.run.synthesis import SynthesisFailed
from twin.weights.packages import WeightsMissingError

ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Change the text, and ask again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Give a shorter text.",
    HTTPStatus.TOO_MANY_REQUESTS: "Ask again in a moment.",
    HTTPStatus.SERVICE_UNAVAILABLE: "If it is the same in a minute, `fourfold run` deploys a model anew.",
    HTTPStatus.GATEWAY_TIMEOUT: "Ask again; if it is the same then, with a shorter text.",
}
"""What helps against an answer of the API whose reason is not the deployment's own."""

NO_ANSWER = (URLError, ConnectionError, TimeoutError, HTTPException, BotoCoreError, Boto3Error)


def explain(error: Exception, emulator_log: Path) -> str | None:
    """Return the message for an error that its reader can do something about; None for a fault of the program."""
    look = f"Look for the reason in the emulator's log, {emulator_log}, and run again."
    match error:
        case EmulatorError() | NoAddress() | NobodyWaits() | NoSuchPartner() | NothingDeployed() | PasswordRefused():
            return str(error)
        case SynthesisFailed():
            return f"The templates could not be synthesized. Mend what this says, and run again:\n{error}"
        case WeightsMissingError():
            return f"{error} `make setup` installs it."
        case ApiRefused():
            return f"The API answered {error.problem}\n{ADVICE.get(error.status, look)}"
        case ProbeFailed():
            return f"{error}\n{look}"
        case ClientError():
            return f"{error}\n{look}"
        case _ if isinstance(error, NO_ANSWER):
            return f"The emulator gave no answer: {str(error) or type(error).__name__}\n{look}"
        case OSError():
            return f"{error}\nSee to the disk's free space and to the permissions of the folder, and run again."
        case _:
            return None


def exit_code(error: Exception) -> int:
    """Return a command's exit code for an error: 2 where it has nothing to work on or is misused, 1 where it failed."""
    return 2 if isinstance(error, NoAddress | NothingDeployed | NobodyWaits | NoSuchPartner) else 1
