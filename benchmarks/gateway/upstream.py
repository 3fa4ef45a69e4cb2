"""Bedrock's and SageMaker's runtimes over HTTP, as far as the gateway calls them, answering as a script says.

Run as ``python -m benchmarks.gateway.upstream`` it prints its port and answers as its arguments say; within a test it
runs in a thread of its own and takes its script from `Upstream.script`. It knows nothing of models: it is what
throttles, stalls and breaks off at will.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from benchmarks.gateway.frames import event, exception, part
from benchmarks.gateway.items import Items

JSON, EVENTS = "application/json", "application/vnd.amazon.eventstream"
WORDS = ("The ", "owl ", "hunts ", "at ", "night.")


@dataclass(frozen=True)
class Script:
    """How one request is answered.

    Attributes:
        error: name of an error to answer with, instead of a text.
        status: that error's HTTP status.
        message: that error's message.
        stalls: whether nothing comes after the request, or after `dies_after` words of a stream.
        dies_after: after so many words the connection is cut; None lets it live.
        fails_after: after so many words an error event comes; None for none.
        pause: seconds before each word, and before an error.
        gate: waited for likewise; a test opens it word by word.
        embedding: the vector that InvokeModel answers with.
        trace: what Converse says of its guardrail.
    """

    words: tuple[str, ...] = WORDS
    finish: str = "end_turn"
    input_tokens: int = 7
    output_tokens: int = 5
    error: str | None = None
    status: int = 429
    message: str = "scripted"
    stalls: bool = False
    dies_after: int | None = None
    fails_after: int | None = None
    pause: float = 0.0
    gate: Callable[[], Awaitable[object]] | None = None
    embedding: tuple[float, ...] = (0.6, 0.8)
    trace: Mapping[str, object] | None = None
    body: bytes | None = None


@dataclass
class Asked:
    """One request that came."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Upstream:
    """The server, and what has happened to it.

    Attributes:
        script: gives the script of the next request, by its path.
        asked: the requests, the latest last; none are kept where `keep` is False.
        ended: how requests ended: ``answered``, ``left`` (by the client), ``died``.
        on_end: is told how each request ended.
        connections: how many are open; `accepted` counts those that were.
        other: answers what no model is asked, by path, headers and body; None leaves it to the script.
    """

    script: Callable[[str], Script] = lambda path: Script()  # noqa: ARG005
    keep: bool = True
    asked: list[Asked] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    port: int = 0
    on_end: Callable[[str], None] = lambda how: None  # noqa: ARG005
    connections: int = 0
    accepted: int = 0
    other: Callable[[str, dict[str, str], bytes], tuple[int, bytes] | None] = lambda path, headers, body: None  # noqa: ARG005

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    def scripted(self, *scripts: Script) -> None:
        """Answer the next requests by these, one after another; all after them by the last."""
        waiting = deque(scripts)
        self.script = lambda path: waiting.popleft() if len(waiting) > 1 else waiting[0]  # noqa: ARG005

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until it is cancelled."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        started()
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.accepted += 1
        try:
            while (head := await _head(reader)) is not None:
                path, headers = head
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if (answered := self.other(path, headers, body)) is not None:
                    status, content = answered
                    _whole(writer, content, status=status)
                    continue
                if self.keep:
                    self.asked.append(Asked(path, json.loads(body or b"{}"), headers))
                how = await self._answered(reader, writer, path)
                self.ended[how] += 1
                self.on_end(how)
                if how != "answered":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections -= 1
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> str:
        """Answer, unless the client leaves first."""
        script = self.script(path)
        answering = asyncio.ensure_future(_answer(writer, path, script))
        # Nothing is pipelined here, so a byte or an end is the client's leaving.
        leaving = asyncio.ensure_future(reader.read(1)) if script.stalls or script.pause or script.gate else None
        try:
            if leaving is None:
                return await answering
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                # A reader that was once waited for cannot be given back: the connection ends with this answer.
                how = answering.result()
                return "closing" if how == "answered" else how
            return "left"
        except ConnectionError:
            return "left"
        finally:
            for task in (answering, leaving):
                if task is not None and not task.done():
                    task.cancel()
                    with suppress(asyncio.CancelledError, ConnectionError):
                        await task


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return unquote(first.split(" ")[1]), headers


async def _answer(writer: asyncio.StreamWriter, path: str, script: Script) -> str:
    if script.error:
        await _hold(script)
        document = json.dumps({"message": script.message}).encode()
        _whole(writer, document, status=script.status, more={"x-amzn-ErrorType": script.error})
    elif script.stalls and script.dies_after is None:
        await asyncio.sleep(3600)
    elif path.endswith(("/converse-stream", "/invocations-response-stream")):
        return await _stream(writer, path, script)
    else:
        await _hold(script)
        _whole(writer, _document(path, script))
    await writer.drain()
    return "answered"


async def _stream(writer: asyncio.StreamWriter, path: str, script: Script) -> str:
    writer.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: {EVENTS}\r\nX-Amzn-SageMaker-Content-Type: {EVENTS}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    frames = _converse_frames(script) if "converse" in path else _endpoint_frames(script)
    words = 0
    for is_word, frame in frames:
        if is_word:
            if script.fails_after == words:
                _chunk(writer, exception("modelStreamErrorException", "scripted"))
                break
            if script.dies_after == words:
                await writer.drain()
                if script.stalls:
                    await asyncio.sleep(3600)
                return "died"
            await _hold(script)
            words += 1
        _chunk(writer, frame)
        if script.pause or script.gate:
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return "answered"


async def _hold(script: Script) -> None:
    if script.pause:
        await asyncio.sleep(script.pause)
    if script.gate:
        await script.gate()


def _converse_frames(script: Script) -> Iterator[tuple[bool, bytes]]:
    yield False, event("messageStart", {"role": "assistant"})
    for word in script.words:
        yield True, event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield False, event("contentBlockStop", {"contentBlockIndex": 0})
    yield False, event("messageStop", {"stopReason": script.finish})
    yield False, event("metadata", {"usage": _usage(script), "metrics": {"latencyMs": 1}, **_trace(script)})


def _endpoint_frames(script: Script) -> Iterator[tuple[bool, bytes]]:
    finish = "length" if script.finish == "max_tokens" else "stop"
    for word in script.words:
        yield True, _part({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
    yield False, _part({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    yield False, _part({"choices": [], "usage": _tokens(script)})
    yield False, part(b"data: [DONE]\n\n")


def _part(document: dict[str, object]) -> bytes:
    return part(b"data: " + json.dumps(document).encode() + b"\n\n")


def _document(path: str, script: Script) -> bytes:
    if script.body is not None:
        return script.body
    text = "".join(script.words)
    if path.endswith("/converse"):
        message = {"role": "assistant", "content": [{"text": text}]}
        return json.dumps(
            {
                "output": {"message": message},
                "stopReason": script.finish,
                "usage": _usage(script),
                "metrics": {"latencyMs": 1},
                **_trace(script),
            }
        ).encode()
    if path.endswith("/invoke"):
        return json.dumps({"embedding": script.embedding, "inputTextTokenCount": script.input_tokens}).encode()
    finish = "length" if script.finish == "max_tokens" else "stop"
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": _tokens(script)}).encode()


def _usage(script: Script) -> dict[str, int]:
    total = script.input_tokens + script.output_tokens
    return {"inputTokens": script.input_tokens, "outputTokens": script.output_tokens, "totalTokens": total}


def _trace(script: Script) -> dict[str, object]:
    return {} if script.trace is None else {"trace": script.trace}


def _tokens(script: Script) -> dict[str, int]:
    return {"prompt_tokens": script.input_tokens, "completion_tokens": script.output_tokens}


def _whole(
    writer: asyncio.StreamWriter, content: bytes, *, status: int = 200, more: dict[str, str] | None = None
) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in (more or {}).items())
    writer.write(
        f"HTTP/1.1 {status} Scripted\r\nContent-Type: {JSON}\r\nContent-Length: {len(content)}\r\n{head}\r\n".encode()
        + content
    )


def _chunk(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(b"%x\r\n" % len(frame) + frame + b"\r\n")


@contextmanager
def running(upstream: Upstream) -> Iterator[Upstream]:
    """Serve it from a thread of this process."""
    started = threading.Event()
    loop = asyncio.new_event_loop()
    task: asyncio.Task[None] | None = None

    def run() -> None:
        nonlocal task
        task = loop.create_task(upstream.serve(started.set))
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for other in asyncio.all_tasks(loop):
            other.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(other)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield upstream
    finally:
        assert task is not None
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def main() -> None:
    """Serve as the arguments say, until the standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=len(WORDS))
    parser.add_argument("--throttles", type=float, default=0.0)
    parser.add_argument("--stalls", type=float, default=0.0)
    parser.add_argument("--dies", type=float, default=0.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    plain = Script(words=tuple(f"word{number} " for number in range(args.words)), pause=args.pause)
    middle = args.words // 2

    def script(path: str) -> Script:  # noqa: ARG001
        drawn = chance.random()
        if drawn < args.throttles:
            return replace(plain, error="ThrottlingException")
        if drawn < args.throttles + args.stalls:
            return replace(plain, stalls=True)
        if drawn < args.throttles + args.stalls + args.dies:
            return replace(plain, dies_after=middle)
        return plain

    upstream = Upstream(script=script, keep=False, other=Items().answer)

    async def serve() -> None:
        serving = asyncio.ensure_future(upstream.serve(lambda: print(upstream.port, flush=True)))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        serving.cancel()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
