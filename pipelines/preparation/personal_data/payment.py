"""Payment: cards by issuer, length and Luhn's checksum, and international bank accounts."""

import re

from pipelines.preparation.personal_data.checksums import luhn
from pipelines.preparation.personal_data.detector import Detector, has_long_number, is_in_resource_name
from pipelines.preparation.personal_data.iban import IBAN, is_iban

# How an issuer's numbers begin, and how many digits they have in all.
_ISSUERS = (
    ("4", "13 16 19"),  # Visa
    ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", "16"),  # Mastercard
    ("3[47]", "15"),  # American Express
    ("30[0-59]|3[689]", "14 16 19"),  # Diners Club
    ("6011|64[4-9]|65", "16 19"),  # Discover
    ("62", "16 17 18 19"),  # UnionPay
    ("35", "16 19"),  # JCB
    ("2131|1800", "15"),  # JCB
    ("220[0-4]", "16"),  # Mir
    ("60|81|82|508", "16"),  # RuPay
    ("0604|50[123]|5[678]|6304|6390|67", "12 13 14 15 16 17 18 19"),  # Maestro
)
_ISSUED = re.compile(
    "|".join(rf"(?=(?:{starts})).{{{length}}}" for starts, lengths in _ISSUERS for length in lengths.split())
)
_START = r"(?<![\w./+].)(?<!\w-.)"
_END = r"(?!\w|-\w|\.[0-9])"


def is_card(match: re.Match[str]) -> bool:
    """Whether a number, spaced or not, can have been issued and satisfies Luhn's checksum."""
    digits = re.sub("[ -]", "", match[0])
    return _ISSUED.fullmatch(digits) is not None and luhn(digits) and not is_in_resource_name(match)


DETECTORS = (
    Detector("iban", has_long_number, IBAN, lambda match: is_iban(match[0])),
    Detector("card", has_long_number, re.compile(rf"[0-9]{_START}[0-9]{{11,18}}+{_END}"), is_card),
    # 19 digits before 16: what follows a card may be its security code.
    Detector(
        "card",
        has_long_number,
        re.compile(rf"[0-9]{_START}[0-9]{{3}}([ -])(?:[0-9]{{4}}\1){{3}}[0-9]{{3}}{_END}"),
        is_card,
    ),
    Detector(
        "card",
        has_long_number,
        re.compile(
            rf"[0-9]{_START}[0-9]{{3}}([ -])"
            rf"(?:[0-9]{{6}}\1[0-9]{{4,5}}|[0-9]{{4}}\1[0-9]{{4}}(?:\1[0-9]{{4}}|[0-9])?|[0-9]{{3}}\1[0-9]{{3}}\1[0-9]{{3}}){_END}"
        ),
        is_card,
    ),
)
