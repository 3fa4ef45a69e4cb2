"""International bank account numbers (ISO 13616): the country's length and the checksum modulo 97."""

import re

# Country code and length of its IBAN, from the SWIFT registry.
_REGISTRY = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29"
    " ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20"
    " LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29"
    " PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    " YE30"
)
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}


def _pattern() -> re.Pattern[str]:
    """One alternative a length, so that the capitals of the next word are never taken for a part of the number."""
    countries: dict[int, list[str]] = {}
    for country, length in _LENGTHS.items():
        countries.setdefault(length, []).append(country)
    alternatives = (
        rf"(?<=(?:{'|'.join(names)})..)(?:[ -]?[A-Z0-9]){{{length - 4}}}" for length, names in countries.items()
    )
    return re.compile(rf"[A-Z](?<![A-Za-z0-9].)[A-Z][0-9]{{2}}(?:{'|'.join(alternatives)})(?![A-Za-z0-9])")


IBAN = _pattern()


def is_iban(text: str) -> bool:
    """Whether a text, spaced or not, is an account number of its country with the right check digits."""
    compact = text.replace(" ", "").replace("-", "")
    if len(compact) != _LENGTHS.get(compact[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
