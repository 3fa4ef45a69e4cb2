"""Models that write what a test says, when it says so: Bedrock's and SageMaker's runtime over HTTP.

They stand in for the models alone; everything between them and the page is the project's own.
"""

from __future__ import annotations

import json
import math
import re
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote
from zlib import crc32

from tests.browser.frames import event, payload

PATIENCE_S = 30.0
DIMENSIONS = 64
_WORD = re.compile(r"\w+")


@dataclass
class Answer:
    """What a model says to one request, token by token; at None it dies.

    Attributes:
        held: whether each token waits until it is allowed.
        made: the tokens that it has written.
        left: set once whoever asked has gone away.
    """

    tokens: list[str | None]
    held: bool = False
    finish: str = "end_turn"
    made: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    _allowed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def allow(self, tokens: int = 1) -> None:
        """Let it write so many tokens more."""
        for _ in range(tokens):
            self._allowed.release()

    def written(self) -> Iterator[str]:
        """Write, as long as somebody is there to read."""
        self.begun.set()
        for token in self.tokens:
            if self.held:
                assert self._allowed.acquire(timeout=PATIENCE_S), "a token was never allowed"
            if self.left.is_set():
                return
            if token is None:
                raise ConnectionAbortedError
            self.made.append(token)
            yield token


@dataclass(frozen=True)
class Refusal:
    """An error of the service's instead of an answer."""

    status: int
    code: str
    message: str = "Not now."


class ScriptedModels:
    """The HTTP server. A model with nothing to say repeats what it was asked, after its own name."""

    def __init__(self) -> None:
        self._scripts: defaultdict[str, deque[Answer | Refusal]] = defaultdict(deque)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._held: dict[str, threading.Event] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def say(self, model: str, *tokens: str | None, finish: str = "end_turn") -> Answer:
        """Let a model's next answer be this, at once."""
        return self._script(model, Answer(list(tokens), finish=finish))

    def hold(self, model: str, *tokens: str | None) -> Answer:
        """Let a model's next answer be this, each token when it is allowed."""
        return self._script(model, Answer(list(tokens), held=True))

    def refuse(self, model: str, status: int, code: str, times: int = 1) -> None:
        """Let a model's next requests be refused."""
        self._scripts[model].extend([Refusal(status, code)] * times)

    def hold_embedding(self, word: str) -> threading.Event:
        """Let texts with this word be embedded once the event is set."""
        return self._held.setdefault(word, threading.Event())

    def forget(self) -> None:
        """Drop what was scripted and not asked for."""
        self._scripts.clear()
        for held in self._held.values():
            held.set()
        self._held.clear()
        self.asked.clear()

    def _script(self, model: str, answer: Answer) -> Answer:
        self._scripts[model].append(answer)
        return answer

    def _next(self, model: str, body: dict[str, Any]) -> Answer | Refusal:
        self.asked.append((model, body))
        script = self._scripts[model]
        return script.popleft() if script else Answer([f"{model} was asked: ", _question(body)])

    def _embed(self, text: str) -> dict[str, Any]:
        for word, embeds in list(self._held.items()):
            if word in text:
                assert embeds.wait(PATIENCE_S), f"{word} was never let be embedded"
        return _embedding(text)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        models = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers.get("X-Amz-Target") == "SageMaker.DescribeEndpoint":
                    _send(self, 200, {"EndpointStatus": "InService"})
                    return
                _, kind, name, action = unquote(self.path).split("/", 3)
                if action == "invoke":
                    _send(self, 200, models._embed(body["inputText"]))
                    return
                answer = models._next(name, body)
                if isinstance(answer, Refusal):
                    _send(self, answer.status, {"message": answer.message}, {"x-amzn-ErrorType": answer.code})
                elif action.endswith("stream"):
                    _stream(self, _sagemaker(answer) if kind == "endpoints" else _converse(answer), answer)
                else:
                    _send(self, 200, _whole(answer))

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        return Handler


def _question(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _send(handler: BaseHTTPRequestHandler, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
    content = json.dumps(value).encode()
    handler.send_response(status)
    for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
        handler.send_header(name, text)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def _stream(handler: BaseHTTPRequestHandler, frames: Iterator[bytes], answer: Answer) -> None:
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("Content-Type", "application/vnd.amazon.eventstream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    threading.Thread(target=_watch, args=(handler, answer), daemon=True).start()
    try:
        for frame in frames:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
        handler.wfile.write(b"0\r\n\r\n")
    except OSError:
        answer.left.set()
        handler.connection.shutdown(socket.SHUT_RDWR)


def _watch(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    try:
        gone = handler.connection.recv(1) == b""
    except OSError:
        gone = True
    if gone:
        answer.left.set()


def _usage(answer: Answer) -> dict[str, int]:
    return {"inputTokens": 12, "outputTokens": len(answer.made), "totalTokens": 12 + len(answer.made)}


def _converse(answer: Answer) -> Iterator[bytes]:
    yield event("messageStart", {"role": "assistant"})
    for token in answer.written():
        yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": token}})
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield event("messageStop", {"stopReason": answer.finish})
    yield event("metadata", {"usage": _usage(answer), "metrics": {"latencyMs": 5}})


def _whole(answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": "".join(answer.written())}]}
    usage, metrics = _usage(answer), {"latencyMs": 5}
    return {"output": {"message": message}, "stopReason": answer.finish, "usage": usage, "metrics": metrics}


def _sagemaker(answer: Answer) -> Iterator[bytes]:
    for token in answer.written():
        yield _chunk({"choices": [{"index": 0, "delta": {"content": token}}]})
    yield _chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield _chunk({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": len(answer.made)}})
    yield payload(b"data: [DONE]\n\n")


def _chunk(value: Any) -> bytes:
    return payload(f"data: {json.dumps(value)}\n\n".encode())


def _embedding(text: str) -> dict[str, Any]:
    """Embed a text by the words that it has: what shares words is near, which is all that a test needs."""
    vector = [0.0] * DIMENSIONS
    for word in _WORD.findall(text.lower()):
        vector[crc32(word.encode()) % DIMENSIONS] += 1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return {"embedding": [value / length for value in vector], "inputTextTokenCount": len(text.split())}
