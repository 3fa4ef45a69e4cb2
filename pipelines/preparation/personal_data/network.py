"""Addresses of machines on the internet: those that `ipaddress` calls global, and that are written as addresses.

Private, reserved and documentation addresses belong to nobody, and neither does a network (`52.94.0.0/22`). Four
numbers with dots are more often a version or a section than an address, so short ones need a word or a port.
"""

import ipaddress
import re

from pipelines.preparation.personal_data.detector import Detector, before

_VERSION = re.compile(
    r"(?:version|versions|release|releases|v|ver|rev|revision|section|chapter|linux|kernel|build|firmware|driver|oid"
    r"|since|chrome|chromium|firefox|safari|webkit|(?:upgrade|update|downgrade|patch|bump)\w*(?: \S{1,24})? to)"
    r"[ :=#(\"'`]{0,3}\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:(?<!\w)(?:ip|ips|ipv4|address|addresses|host|hosts|server|servers|gateway|dns|nameserver|nameservers|ping"
    r"|resolver)(?!\w)[^\n\[\]0-9]{0,24}|://(?:[^\s/@]*@)?)\Z",
    re.IGNORECASE,
)


def is_ipv4(match: re.Match[str]) -> bool:
    """Whether a dotted quad is the public address of one machine, and no version or section."""
    if not is_public(match):
        return False
    context = before(match, 48)
    if _ADDRESS.search(context) or match["port"] is not None:
        return True
    return len(match["value"]) >= 10 and _VERSION.search(context) is None


def is_public(match: re.Match[str]) -> bool:
    """Whether an address is global and no network's own."""
    try:
        address = ipaddress.ip_address(match["value"])
        network = ipaddress.ip_network(match["value"] + (match["prefix"] or ""), strict=False)
    except ValueError:
        return False
    # Of the rest of IPv6, nothing is in use: what has few different digits is an example.
    in_use = address.version == 4 or address in _GLOBAL_UNICAST or len(set(address.exploded)) > 8
    of_network = network.num_addresses > 1 and network.network_address == address
    return in_use and address.is_global and not address.is_multicast and not of_network


_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_PREFIX = r"(?P<prefix>/[0-9]{1,3}(?![0-9.]))?"

DETECTORS = (
    Detector(
        "ip_address",
        re.compile(":[0-9A-Fa-f]{1,4}" * 7).search,
        re.compile(rf"(?<![\w:.])(?P<value>[0-9A-Fa-f]{{1,4}}(?::[0-9A-Fa-f]{{1,4}}){{7}})(?![\w]|:\w){_PREFIX}"),
        is_public,
    ),
    Detector(  # shortened ones only of 2000::/3, the part of the space that is in use
        "ip_address",
        re.compile(":(?<=[23][0-9A-Fa-f]{3}:)[0-9A-Fa-f]{0,4}:").search,
        re.compile(
            r"(?P<value>[23](?<![\w:.].)[0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{1,4}){0,6}:(?:(?::[0-9A-Fa-f]{1,4}){1,6}|:))(?!\w|:[\w:])"
            + _PREFIX
        ),
        is_public,
    ),
    Detector(
        "ip_address",
        re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]").search,
        re.compile(
            r"(?P<value>[0-9](?<![\w.+-].)[0-9]{0,2}(?:\.[0-9]{1,3}){3})(?!\w|[.\-]\w)"
            rf"{_PREFIX}(?P<port>(?=:[1-9][0-9]{{1,4}}(?![0-9.])))?"
        ),
        is_ipv4,
    ),
)
