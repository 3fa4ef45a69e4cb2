"""The page's origin in one process: the files of web/, its configuration, and the gateway behind `/api`.

The gateway itself is the one that is deployed. Before it stands what API Gateway does with a bearer token, but for its
signature: who the token is of is told to the gateway as the Lambda Web Adapter tells it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import mimetypes
import os
import sys
from pathlib import Path
from typing import Any

import uvicorn

from lambdas.gateway.application import Application

WEB = Path(__file__).parents[2] / "web"
CONTEXT = b"x-amzn-request-context"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}


class Site:
    """Serves files, and hands `/api` on."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._gateway = Application()
        self._config = config
        self._asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self._gateway(scope, receive, send)
            return
        if scope["path"].startswith("/api/"):
            self._asked += 1
            try:
                await self._hand_on(scope, receive, send)
            finally:
                self._asked -= 1
            return
        if scope["path"] == "/quiet":
            await self._quiet()
            await _respond(send, 204, {}, b"")
            return
        status, kind, content = self._file(scope["path"])
        headers = {"content-type": kind, **security_headers(self._config)}
        await _respond(send, status, headers, content)

    async def _quiet(self) -> None:
        """Wait until the gateway does nothing for anybody, not even for who has left."""
        await asyncio.sleep(0.01)  # what came before this may not be begun
        while self._asked:
            await asyncio.sleep(0.01)

    async def _hand_on(self, scope: Any, receive: Any, send: Any) -> None:
        context = self._context(dict(scope["headers"]))
        if context is None:
            await _respond(send, 401, {"content-type": "application/json"}, b'{"message":"Unauthorized"}')
            return
        sent = [(name, value) for name, value in scope["headers"] if name != CONTEXT]
        told = [(CONTEXT, json.dumps(context).encode())] if context else []
        await self._gateway({**scope, "headers": [*sent, *told]}, receive, send)

    def _context(self, headers: dict[bytes, bytes]) -> dict[str, Any] | None:
        if self._config["authorization"] == "none":
            return {}
        token = headers.get(b"authorization", b"").removeprefix(b"Bearer ").split(b".")
        if len(token) != 3:
            return None
        claims = json.loads(base64.urlsafe_b64decode(token[1] + b"=="))
        client = self._config["cognito"]["client_id"]
        return {"authorizer": {"claims": claims}} if claims.get("client_id") == client else None

    def _file(self, path: str) -> tuple[int, str, bytes]:
        if path == "/config.json":
            return 200, "application/json", json.dumps(self._config).encode()
        file = (WEB / path.lstrip("/")).resolve() if path != "/" else WEB / "index.html"
        if WEB not in file.parents or not file.is_file():
            return 404, "text/plain", b"There is no such file."
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return 200, kind, file.read_bytes()


def security_headers(config: dict[str, Any]) -> dict[str, str]:
    """Give the headers that docs/page.md asks for."""
    domain = config.get("cognito", {}).get("domain", "")
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {domain}".strip(),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": "no-store",
    }


async def _respond(send: Any, status: int, headers: dict[str, str], content: bytes) -> None:
    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(
        Site(json.loads(os.environ["PAGE_CONFIG"])), port=int(sys.argv[1]), log_level="warning", access_log=False
    )
