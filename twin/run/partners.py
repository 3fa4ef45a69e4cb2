"""The partners of the deployed gateway on this machine: who has an API key, and its value for whoever is to try it."""

from __future__ import annotations

from collections.abc import Mapping

from twin.emulator import Access
from twin.run.session import ENVIRONMENT

MOST_KEYS = 500
"""As many as API Gateway gives in one answer."""


class NoSuchPartner(Exception):
    """It is not clear whose key is meant, or nobody has such a one; the text says whose there are."""


def partners(account: Access) -> tuple[str, ...]:
    """Return the names of the account's API keys, without their values."""
    found = account.client("apigateway").get_api_keys(limit=MOST_KEYS)["items"]
    return tuple(sorted(key["name"] for key in found))


def partner_key(account: Access, name: str = "") -> str:
    """Return the value of a partner's API key.

    Args:
        account: the emulator.
        name: the key's, as `partners` gives it, or the partner's, as the settings give it; it may be left out where
            there is but one.

    Raises:
        NoSuchPartner: nobody has a key, or none of this name, or it is not clear whose is meant.
    """
    found = account.client("apigateway").get_api_keys(limit=MOST_KEYS, includeValues=True)["items"]
    return chosen({key["name"]: key["value"] for key in found}, name)


def chosen(keys: Mapping[str, str], name: str) -> str:
    """Return the one key that a name or its absence means; raises as `partner_key` does."""
    if not keys:
        raise NoSuchPartner(
            "No partner has a key here. Name one under `gateway.partners` in the settings, and run the workflow again."
        )
    if not name and len(keys) == 1:
        return next(iter(keys.values()))
    if name in keys:
        return keys[name]
    # A key is called <workflow>-<environment>-<partner>; a longer one that ends so is of a partner with a longer name.
    if found := [key for key in keys if name and key.endswith(f"-{ENVIRONMENT}-{name}")]:
        return keys[min(found, key=len)]
    known = ", ".join(sorted(keys))
    raise NoSuchPartner(f"No key is called {name}. Known are {known}." if name else f"Name one of the keys: {known}.")
