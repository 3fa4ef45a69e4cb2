"""The names that browsers use (`twin.emulator.addresses`): behind them are distributions and sign-ins, nothing else."""

from __future__ import annotations

from typing import Any

from ministack import app

from twin.emulator.addresses import distribution_label, is_public
from twin.emulator.hooks.distributions import answer_viewer
from twin.emulator.hooks.services import RawResponse
from twin.emulator.hooks.sign_in import answer_sign_in, keys_of
from twin.emulator.hooks.sign_in_pages import show_plain_sign_in


def serve_public_hosts() -> None:
    """Answer requests under these names with a distribution or a sign-in, and with no service of the account.

    What the emulator serves before it looks at the host (its health, preflights) it does not serve under them.
    """
    before_body, after_body = app._handle_pre_body_request, app._handle_post_body_shortcuts
    data_plane = app._handle_special_data_plane_request

    async def before_body_elsewhere(method: str, path: str, headers: Any, *rest: Any) -> Any:
        if is_public(headers.get("host", "")):
            return None
        if method == "GET" and (keys := keys_of(path)):
            return keys
        return await before_body(method, path, headers, *rest)

    async def after_body_elsewhere(method: str, path: str, headers: Any, *rest: Any) -> Any:
        return None if is_public(headers.get("host", "")) else await after_body(method, path, headers, *rest)

    async def data_plane_by_host(
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query_params: Any,
        request_id: str,
        raw_path: str | None = None,
        raw_query_string: str = "",
        client_ip: str = "127.0.0.1",
    ) -> RawResponse | None:
        host = headers.get("host", "")
        raw = raw_path if raw_path is not None else path
        if distribution_label(host):
            return await answer_viewer(
                host, path, method, headers, body, query_params, raw, raw_query_string, client_ip
            )
        if is_public(host):
            return await answer_sign_in(host, path, method, headers, body, query_params)
        rest = {"raw_path": raw_path, "raw_query_string": raw_query_string, "client_ip": client_ip}
        answer: RawResponse | None = await data_plane(method, path, headers, body, query_params, request_id, **rest)
        return answer

    show_plain_sign_in()
    app._handle_pre_body_request = before_body_elsewhere
    app._handle_post_body_shortcuts = after_body_elsewhere
    app._handle_special_data_plane_request = data_plane_by_host
