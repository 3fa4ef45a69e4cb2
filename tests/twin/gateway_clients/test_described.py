"""The API's own description leads a client to it from where the description is served."""

from __future__ import annotations

from urllib.parse import urljoin

from tests.twin.gateway_clients.deployed import Deployed


def test_the_servers_of_the_description_are_the_roots_of_the_api(deployed: Deployed) -> None:
    address = f"{deployed.url}/openapi.json"
    told = deployed.ask("/openapi.json").json()["servers"]

    assert [urljoin(address, server["url"]) for server in told] == [
        deployed.url,
        f"{deployed.url}/api",
        f"{deployed.url}/partners",
    ]
