"""What is found in technical prose, and whose it is: judged by eye once, and written down as rules.

An e-mail address is somebody's unless a rule below says otherwise: changelogs are full of their maintainers. Any other
find is called a mistake unless it is a value that somebody reserved for examples.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipelines.preparation.personal_data import redact
from pipelines.preparation.personal_data.redaction import DETECTORS
from pipelines.preparation.personal_data.secrets import PRIVATE_KEY

# Message ids (`20160419091055.GF2345@…`, `51A606A0.5060101@…`), names of algorithms, and parts of other names.
_NO_ADDRESS = re.compile(
    r"(?:[0-9]{10,}[.-].*|[0-9A-F]{8}\.[0-9]{5,}|.*[0-9a-f]{12,}.*)@.*|.*@(?:openssh\.com|libssh\.org|unknown\.domain)"
    r"|.*@.*\.(?:domain|uucp|xz)"
)
# RFC 2606 and 6761, AWS's documentation, the numbers 555-0100 to 555-0199, and companies that stand for any.
_EXAMPLE = re.compile(
    r".*@(?:.*\.)?(?:example\.(?:com|net|org)|anycompany\.com|mydomain\.org|company\.com|localhost\.localdomain)"
    r"|.*EXAMPLE(?:KEY)?|.*555.?01[0-9]{2}.*",
    re.IGNORECASE | re.DOTALL,
)


class Owner(Enum):
    """Whose a find is."""

    SOMEBODY = "somebody"
    EXAMPLE = "example"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Finding:
    """A find in its context, both without what they hold."""

    name: str
    masked: str
    context: str
    owner: Owner


def findings(text: str) -> Iterator[Finding]:
    """Yield what the detectors confirm in a text."""
    for row in (PRIVATE_KEY, *DETECTORS):
        if row.hint in text if isinstance(row.hint, str) else row.hint(text, 0):
            for match in row.pattern.finditer(text):
                if row.confirms(match):
                    group = "value" if "value" in row.pattern.groupindex else 0
                    around = text[max(0, match.start(group) - 40) : match.start(group)], text[match.end(group) :][:20]
                    context = f"[{row.name.upper()}]".join(redact(side)[0] for side in around)
                    yield Finding(row.name, _mask(match[group]), context, _owner(row.name, match[group]))


def _mask(value: str) -> str:
    return value[:2] + re.sub("[A-Za-z]", "x", re.sub("[0-9]", "0", value[2:]))[:60]


def _owner(name: str, value: str) -> Owner:
    if _EXAMPLE.fullmatch(value):
        return Owner.EXAMPLE
    return Owner.SOMEBODY if name == "email" and not _NO_ADDRESS.fullmatch(value) else Owner.NOBODY
