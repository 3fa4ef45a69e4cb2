"""E-mail addresses: any whose domain could be one."""

import re

from pipelines.preparation.personal_data.detector import Detector

# What stands behind a dot and is no top-level domain: names of files and of systemd's units.
_NO_DOMAIN = re.compile(
    "automount|bmp|conf|css|csv|device|exe|gif|header|html|ico|ini|jpe?g|js|json|mount|png|po|scope|service|slice|socket|svg|swap"
    "|target|tld|toml|txt|webp|xml|ya?ml",
    re.IGNORECASE,
)
_LOCAL = r"A-Za-z0-9_.+%'\w-"  # more than \w says, for speed: ASCII needs no look into Unicode's tables
_LABEL = r"[^\W_]++(?:-{1,2}[^\W_]++)*+"
_TOP = r"(?P<top>xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,24})"


def is_address(match: re.Match[str]) -> bool:
    """Whether a match can be somebody's: no image at a resolution, no unit's instance, no login of a repository."""
    return match["local"] != "git" and _NO_DOMAIN.fullmatch(match["top"]) is None


EMAIL = Detector(
    "email",
    "@",
    re.compile(rf"(?<![{_LOCAL}])[.+%'-]*+(?P<value>(?P<local>\w[{_LOCAL}]*+)@(?:{_LABEL}\.){{1,10}}{_TOP})(?![^\W_])"),
    is_address,
)

DETECTORS = (EMAIL,)
