"""Personal data by pattern, each with the checksum or context that tells it from an ordinary number.

Patterns are tight on purpose: a detector that takes every number for a telephone number ruins the text. Names and
addresses of people are out of reach of patterns.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.preparation.iban import IBAN, is_iban
from pipelines.preparation.records import Example, Reason, Rejected


def protect(example: Example, policy: str) -> tuple[Example, dict[str, int]]:
    """Return the example with personal data replaced, and how often each type was; raises `Rejected` under `drop`."""
    found: Counter[str] = Counter()

    def redacted(text: str) -> str:
        text, found_here = redact(text)
        found.update(found_here)
        return text

    protected = example.map(redacted)
    if found and policy == "drop":
        raise Rejected(Reason.PERSONAL_DATA, ", ".join(f"{count} {name}" for name, count in sorted(found.items())))
    return protected, dict(sorted(found.items()))


def redact(text: str) -> tuple[str, Counter[str]]:
    """Replace each find by its type in brackets (`[EMAIL]`) and count the finds by type."""
    found: Counter[str] = Counter()
    for detector in DETECTORS:
        if detector.hint.search(text):
            text = detector.redact(text, found)
    return text, found


@dataclass(frozen=True, slots=True)
class Detector:
    """A type of personal data: `pattern` proposes, `confirms` decides on the text of the match.

    `hint` is a cheap necessary condition. Where the pattern has a group `value`, only that part is replaced.
    """

    name: str
    hint: re.Pattern[str]
    pattern: re.Pattern[str]
    confirms: Callable[[str], bool]

    def redact(self, text: str, found: Counter[str]) -> str:
        """Replace the confirmed matches in a text and count them in `found`."""
        group = "value" if "value" in self.pattern.groupindex else 0

        def replace(match: re.Match[str]) -> str:
            if not self.confirms(match[group]):
                return match[0]
            found[self.name] += 1
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            return f"{match[0][:start]}[{self.name.upper()}]{match[0][end:]}"

        return self.pattern.sub(replace, text)


def is_card_number(text: str) -> bool:
    """Whether 13 to 19 digits, spaced or dashed, start like a payment card's and satisfy Luhn's checksum."""
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def is_personal_address(text: str) -> bool:
    """Whether a dotted quad is an address that may belong to a person: not private, loopback or a mask."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    shared = address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local
    return not (shared or text.startswith("255.") or any(address in network for network in _PRIVATE_NETWORKS))


def has_phone_length(text: str) -> bool:
    """Whether a number has the 8 to 15 digits of an international telephone number."""
    return 8 <= sum(character.isdigit() for character in text) <= 15


def _always(_: str) -> bool:
    return True


_PRIVATE_NETWORKS = [ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_DIGITS = re.compile(r"\d[\d ().-]{6}")

# In this order: what a former detector replaced, a later one does not see.
DETECTORS = (
    Detector(
        "email",
        re.compile("@"),
        re.compile(
            r"(?<![\w.%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
        ),
        _always,
    ),
    Detector(
        "aws_access_key",
        re.compile("A[KS]IA"),
        re.compile(r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
        _always,
    ),
    Detector(
        "aws_secret_key",
        re.compile("secret", re.IGNORECASE),
        re.compile(
            r"(?i:secret_?(?:access_?)?key)[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
        ),
        _always,
    ),
    Detector(
        "iban",
        re.compile(r"[A-Z]{2}\d\d"),
        IBAN,
        is_iban,
    ),
    Detector(
        "card",
        re.compile(r"\d(?:[ -]?\d){12}"),
        re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)"),
        is_card_number,
    ),
    Detector(
        "ssn",
        _DIGITS,
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        _always,
    ),
    Detector(
        "ip_address",
        re.compile(r"\d\.\d"),
        re.compile(r"(?<![\w.-])(?<!version )(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d|/\d)"),
        is_personal_address,
    ),
    Detector(
        "phone",
        _DIGITS,
        re.compile(
            r"(?<![\w.+-])(?:"
            r"\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{2,5}){1,4}"  # +44 20 7946 0958
            r"|(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}"  # (212) 555-0123
            r")(?![\w-]|\.\d)"
        ),
        has_phone_length,
    ),
    Detector(
        "phone",  # a national number counts only where the words before it say that it is one
        _DIGITS,
        re.compile(
            r"(?<!\w)(?i:(?:tele)?phone|tel|mobile|cell|fax|call)(?: number| no)?[.:]{0,2} {0,2}"
            r"(?P<value>0\d[\d ()-]{6,14}\d)(?![\w-])"
        ),
        has_phone_length,
    ),
)
