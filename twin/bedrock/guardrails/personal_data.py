"""Kinds of personal data that a pattern finds, with a check of its digits where the kind has one.

Bedrock finds personal data by a model, from the words around it too. What only such a model could tell (names,
addresses, ages, passwords) is no pattern here, and a guardrail that asks for it is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import regex

_VIN_LETTERS = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, *range(9, 10), *range(2, 10)), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_SHORTEST_IBAN = 15


def _always(_found: str) -> bool:
    return True


def _digits(found: str) -> list[int]:
    return [int(character) for character in found if character.isdigit()]


def _luhn(found: str) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in reversed(_digits(found)[-2::-2])]
    return (sum(doubled) + sum(_digits(found)[-1::-2])) % 10 == 0


def _address(found: str) -> bool:
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return True


def _iban(found: str) -> bool:
    text = found.replace(" ", "").upper()
    if len(text) < _SHORTEST_IBAN:
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def _nhs(found: str) -> bool:
    digits = _digits(found)
    return (sum(digit * (10 - place) for place, digit in enumerate(digits[:9])) + digits[9]) % 11 == 0


def _routing(found: str) -> bool:
    return sum(digit * weight for digit, weight in zip(_digits(found), (3, 7, 1) * 3, strict=True)) % 10 == 0


def _vehicle(found: str) -> bool:
    values = [int(sign) if sign.isdigit() else _VIN_LETTERS[sign] for sign in found.upper()]
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return found[8].upper() == ("X" if rest == 10 else str(rest))


@dataclass(frozen=True)
class _Kind:
    pattern: regex.Pattern[str]
    check: Callable[[str], bool] = _always


def _kind(pattern: str, check: Callable[[str], bool] = _always) -> _Kind:
    # Not in the middle of a longer word or number.
    return _Kind(regex.compile(rf"(?<![\w.+-]){pattern}(?![\w])", regex.IGNORECASE), check)


KINDS: Mapping[str, _Kind] = {
    "AWS_ACCESS_KEY": _Kind(regex.compile(r"(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)")),
    "CA_SOCIAL_INSURANCE_NUMBER": _kind(r"\d{3}[ -]\d{3}[ -]\d{3}(?![ -]\d)", _luhn),
    "CREDIT_DEBIT_CARD_NUMBER": _kind(r"[3-6]\d{3}(?:[ -]?\d{4,6}){2}(?:[ -]?\d{1,5})?", _luhn),
    "EMAIL": _kind(r"[a-z0-9._%+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}"),
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": _kind(r"[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?", _iban),
    "IP_ADDRESS": _kind(r"(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?!\.\d)", _address),
    "MAC_ADDRESS": _kind(r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"),
    "PHONE": _kind(r"(?:\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}[.-]\d{3}[.-]\d{4})"),
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER": _kind(r"\d{3}[ -]?\d{3}[ -]?\d{4}", _nhs),
    "UK_NATIONAL_INSURANCE_NUMBER": _kind(r"[a-ceghj-prs-z][a-ceghj-nprs-z](?: ?\d{2}){3} ?[a-d]"),
    "URL": _kind(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]"),
    "US_BANK_ROUTING_NUMBER": _kind(r"\d{9}", _routing),
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER": _kind(r"9\d{2}-(?:[5-8]\d|9[0-24-9])-\d{4}"),
    "US_SOCIAL_SECURITY_NUMBER": _kind(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"),
    "VEHICLE_IDENTIFICATION_NUMBER": _kind(r"[a-hj-npr-z0-9]{17}", _vehicle),
}
"""By Bedrock's name for the kind."""


def find(kind: str, text: str) -> Iterator[tuple[int, int]]:
    """Where something of a kind stands in a text."""
    one = KINDS[kind]
    yield from (found.span() for found in one.pattern.finditer(text) if one.check(found.group()))
