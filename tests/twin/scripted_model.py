"""A model server that makes each token when the test says so, and notices when whoever asked has gone away."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_PATIENCE_S = 60.0


class ScriptedModel:
    """It answers `/completion` as llama.cpp's server does; to other paths it gives what stands in `answers`."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"/apply-template": {"prompt": "a prompt"}}
        self.tell([])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def tell(self, tokens: list[str]) -> None:
        """What its next answer is, of which nothing is made yet."""
        self.tokens, self.made = tokens, list[str]()
        self.asked, self.left = threading.Event(), threading.Event()
        self._allowed = threading.Semaphore(0)

    def allow(self, tokens: int) -> None:
        """Let it make so many tokens more."""
        for _ in range(tokens):
            self._allowed.release()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path != "/completion":
                    self.do_GET()
                    return
                model.asked.set()
                model._watch(self)
                if asked.get("stream"):
                    model._answer(self)
                elif (written := model._written()) is not None:
                    self._give(written)

            def do_GET(self) -> None:
                self._give(model.answers[self.path])

            def _give(self, answer: Any) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        left = self.left
        for number, token in enumerate(self.tokens):
            assert self._allowed.acquire(timeout=_PATIENCE_S)
            if left.is_set():
                return
            self.made.append(token)
            if number == 0:  # as llama.cpp's, which begins to answer with the first token
                self._begin(handler)
            self._send(handler, {"content": token, "stop": False})
        self._send(handler, {"content": "", **self._end()})

    def _begin(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()  # without a length: the body ends with the connection

    def _written(self) -> dict[str, Any] | None:
        """The answer as a whole, once all of it may be made; None where nobody waits for it any more."""
        left = self.left
        for token in self.tokens:
            assert self._allowed.acquire(timeout=_PATIENCE_S)
            if left.is_set():
                return None
            self.made.append(token)
        return {"content": "".join(self.made), **self._end()}

    def _end(self) -> dict[str, Any]:
        counts = {"tokens_evaluated": 3, "tokens_predicted": len(self.tokens)}
        return {"stop": True, "stop_type": "eos", **counts}

    def _watch(self, handler: BaseHTTPRequestHandler) -> None:
        # Its own: whoever leaves late leaves this answer, and not the next one.
        left = self.left

        def watch() -> None:
            with contextlib.suppress(OSError):  # the answer has ended before anybody looked
                if handler.connection.recv(1) == b"":
                    left.set()

        threading.Thread(target=watch, daemon=True).start()

    def _send(self, handler: BaseHTTPRequestHandler, event: dict[str, Any]) -> None:
        handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        handler.wfile.flush()
