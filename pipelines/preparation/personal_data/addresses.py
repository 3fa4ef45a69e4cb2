"""E-mail addresses: any whose domain could be one."""

import re

from pipelines.preparation.personal_data.detector import Detector

# What stands behind a dot and is no top-level domain: names of files and of systemd's units.
_NO_DOMAIN = re.compile(
    "automount|bmp|conf|css|csv|device|exe|gif|header|html|ico|ini|jpe?g|js|json|mount|png|po|scope|service|slice|socket|svg|swap"
    "|target|tld|toml|txt|webp|xml|ya?ml",
    re.IGNORECASE,
)
# What mail programs make: 20160419091055.GF2345, 51A606A0.5060101.
_MESSAGE_ID = re.compile(r"[0-9]{10,}\.[\w.-]+|[0-9A-F]{8}\.[0-9]{5,}")
_LOCAL = r"A-Za-z0-9_.+%'\w-"  # more than \w says, for speed: ASCII needs no look into Unicode's tables
_LABEL = r"[^\W_]++(?>(?:-{1,2}[^\W_]++)*)"
_TOP = r"(?P<top>xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,24})"


def is_address(match: re.Match[str]) -> bool:
    """Whether a match can be somebody's: no image at a resolution, no login of a repository, no message."""
    local = match["local"]
    return local != "git" and not (_NO_DOMAIN.fullmatch(match["top"]) or _MESSAGE_ID.fullmatch(local))


EMAIL = Detector(
    "email",
    "@",
    re.compile(rf"(?<![{_LOCAL}])[.+%'-]*+(?P<value>(?P<local>\w[{_LOCAL}]*+)@(?:{_LABEL}\.){{1,10}}{_TOP})(?![^\W_])"),
    is_address,
)

DETECTORS = (EMAIL,)
