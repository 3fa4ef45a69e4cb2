"""What can stop the job. Every message says what was wrong, where, and what to do."""

import re
from itertools import dropwhile


class PreparationError(Exception):
    """Base of every failure that the job explains."""


class InvalidArguments(PreparationError):
    """The job was started with arguments or settings that it cannot run on."""


class NoInputFiles(PreparationError):
    """The raw prefix holds no file that can be read."""


class UnknownSchema(PreparationError):
    """Nobody can tell which columns make a record."""


class NoTokenizer(PreparationError):
    """The base model's tokenizer, by which records are to be counted, is not there or cannot count a conversation."""


class NoBaseRun(PreparationError):
    """There is no run to add to, or none that this one can add to."""


class UnreadableObject(PreparationError):
    """A raw object is damaged, or changed while it was read."""


class RunAlreadyCommitted(PreparationError):
    """The run id belongs to a finished run over other data or other settings."""


class CountsDoNotBalance(PreparationError):
    """Records were lost or invented between two stages: a defect of the job, never of the data."""


class TooManyStrata(PreparationError):
    """The data set is to be divided by something of which nearly every record has its own."""


class TooManySuspects(PreparationError):
    """More texts hang together by what they share than one task can compare."""


class WorkerFailed(PreparationError):
    """A Spark task failed; the message is the task's own error without the JVM's stack."""


def root_cause(trace: str) -> str:
    """Return the Python error inside a JVM's stack trace, or the JVM's own last cause where there is none."""
    _, _, python = trace.partition("PythonException: ")
    if python:
        python, *_ = re.split(r"\n\s*\tat ", python)  # behind it comes the JVM's stack
        last = python.rsplit("Traceback (most recent call last):\n")[-1]
        return "\n".join(dropwhile(lambda line: line.startswith(" "), last.splitlines())).strip()
    causes: list[str] = re.findall(r"^(?:Caused by)?: (.*)$", trace, re.MULTILINE)
    return causes[-1] if causes else trace.strip()
