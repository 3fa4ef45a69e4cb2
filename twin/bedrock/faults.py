"""Faults that somebody asks for, to try what a program makes of them: what the next requests to a model get.

The file `bedrock/faults/<last part of the model's id>` in the emulator's directory has a line for each of these
requests, which takes it off; with the last one the file goes.

    ThrottlingException
    ok
    ThrottlingException: Too many requests, please wait before trying again.
    ModelStreamErrorException after 3

`ok` is answered as ever; `after 3` lets three events of a stream through. Names are those of the operation's errors.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from twin import shapes
from twin.bedrock import eventstream
from twin.emulator.hooks import Answer, ServiceError, Stream

_LINE = re.compile(r"(?P<name>\w+)(?: after (?P<after>\d+))?(?:: *(?P<message>.+))?")
_UNHARMED = "ok"
_lock = threading.Lock()


@dataclass(frozen=True)
class Fault:
    """What a line asks for."""

    name: str
    message: str
    after: int | None

    def break_off(self, answer: Answer) -> Answer:
        """The answer with the fault in it, after so many of its events; after the last one where there are fewer."""
        if self.after is None or not isinstance(answer, Stream):
            return answer
        return replace(answer, pieces=self._broken(answer, self.after))

    def _broken(self, stream: Stream, after: int) -> Iterator[bytes]:
        yield from itertools.islice(stream.pieces, after)
        stream.cancel()
        yield eventstream.exception(eventstream.member(self.name), {"message": self.message})
        for _ in stream.pieces:  # to the end that cancelling brings, where what it holds is let go
            pass


def next_fault(model_id: str, operation: str) -> Fault | None:
    """Take the next line off, and give what it asks for, or None.

    Raises ServiceError: the error that the request gets at once, or InternalServerException for a line that asks for
    what the operation cannot have.
    """
    file = Path(os.environ["FOURFOLD_WORK_DIR"]) / "bedrock" / "faults" / model_id.rpartition("/")[2]
    line = _take(file)
    if line in (None, _UNHARMED):
        return None
    matched = _LINE.fullmatch(str(line))
    if matched is None:
        raise _unreadable(
            file, f"the line {line!r} is neither {_UNHARMED!r} nor '<error>[ after <events>][: <message>]'"
        )
    after = None if matched["after"] is None else int(matched["after"])
    known = _errors(operation) if after is None else _events(operation)
    if matched["name"] not in known:
        kind = "the operation" if after is None else "the stream"
        choices = ", ".join(sorted(known)) or "nothing: it is none"
        raise _unreadable(file, f"the line {line!r}: {kind} {operation} can have {choices}")
    message = matched["message"] or f"Asked for by {file}."
    if after is None:
        raise ServiceError(matched["name"], message, known[matched["name"]])
    return Fault(matched["name"], message, after)


def _take(file: Path) -> str | None:
    with _lock:
        if not file.is_file():
            return None
        lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
        if len(lines) > 1:
            file.write_text("\n".join(lines[1:]))
        else:
            file.unlink()
    return lines[0] if lines else None


def _errors(operation: str) -> Mapping[str, int]:
    """The errors of an operation, with their HTTP status."""
    model = shapes.service_model("bedrock-runtime").operation_model(operation)
    return {shape.name: int(shape.metadata["error"]["httpStatusCode"]) for shape in model.error_shapes}


def _events(operation: str) -> Mapping[str, int]:
    """The errors that may come in the middle of an operation's stream."""
    stream = shapes.service_model("bedrock-runtime").operation_model(operation).get_event_stream_output()
    members = stream.members.values() if stream is not None else ()
    return {shape.name: 200 for shape in members if shape.metadata.get("exception")}


def _unreadable(file: Path, problem: str) -> ServiceError:
    return ServiceError("InternalServerException", f"{file} cannot be followed: {problem}.", 500)
