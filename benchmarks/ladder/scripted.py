"""Models whose worth is known, planted by whoever measures: servers that answer by a script.

They speak what the twin asks of llama.cpp's server, a template and a completion, and are no part of the product: the
twin is told their addresses, as it would be told those of a larger model of one's own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Messages = list[dict[str, str]]
Script = Callable[[Messages], str]
CHARACTERS_OF_A_TOKEN = 4


class ScriptedModel:
    """A model on loopback that says what its script makes of a conversation, as a context.

    Args:
        script: gives the answer.
        seconds: how long an answer takes.
    """

    def __init__(self, script: Script, seconds: float = 0.0) -> None:
        self._script, self._seconds = script, seconds
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                content = json.dumps(model.answer(self.path, body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, object]:
        """Answer as llama.cpp's server would: the template keeps the conversation, the completion reads it again."""
        if path == "/apply-template":
            return {"prompt": json.dumps(body["messages"])}
        time.sleep(self._seconds)
        said = self._script(json.loads(body["prompt"]))
        return {
            "content": said,
            "tokens_evaluated": len(body["prompt"]) // CHARACTERS_OF_A_TOKEN,
            "tokens_predicted": len(said) // CHARACTERS_OF_A_TOKEN,
            "stop_type": "eos",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def asked(messages: Sequence[dict[str, str]]) -> str:
    """Give what the user says last."""
    return messages[-1]["content"]
