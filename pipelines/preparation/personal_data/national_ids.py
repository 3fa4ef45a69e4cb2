"""Numbers that states give to persons: the US social security number by its area rules, others by their check digits.

Numbers that only a word beside them tells from any other (the British NI number, the Dutch BSN) are not looked for.
"""

import re
from collections.abc import Callable

from pipelines.preparation.personal_data.checksums import luhn, weighted
from pipelines.preparation.personal_data.detector import Detector, before, has_long_number, is_in_resource_name

_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_MONTH = "(?:0[1-9]|1[0-2])"


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _is_born(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def is_french(text: str) -> bool:
    """NIR: 13 digits and their complement to 97; Corsica's departments count as 19 and 18."""
    digits = _digits(text.replace("2A", "19").replace("2B", "18"))
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_polish(text: str) -> bool:
    """PESEL: a birthday, with the century in its month, and weighted digits modulo 10."""
    return _is_born(str(int(text[2:4]) % 20), text[4:6]) and weighted(text, "13791379131") % 10 == 0


def is_belgian(text: str) -> bool:
    """Rijksregisternummer: a birthday and the complement to 97; births since 2000 are counted with a 2 in front."""
    digits = _digits(text)
    complements = (97 - int(century + digits[:9]) % 97 for century in ("", "2"))
    return _is_born(digits[2:4], digits[4:6]) and int(digits[9:]) in complements


def is_brazilian(text: str) -> bool:
    """CPF: two check digits modulo 11."""
    digits = _digits(text)
    return len(set(digits)) > 1 and all(
        sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length])) * 10 % 11 % 10
        == int(digits[length])
        for length in (9, 10)
    )


def is_eleven_digits(text: str) -> bool:
    """Whether eleven digits without punctuation are a number of Poland, Belgium or Brazil."""
    return is_polish(text) or is_belgian(text) or is_brazilian(text)


def is_swedish(text: str) -> bool:
    """Personnummer: Luhn's checksum over its last ten digits; a Finnish number may have its form."""
    return luhn(_digits(text)[-10:]) or (len(text) == 11 and is_finnish(text))


def is_finnish(text: str) -> bool:
    """Henkilötunnus: the nine digits modulo 31 choose a character."""
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(text[:6] + text[7:10]) % 31] == text[10]


def is_swiss(text: str) -> bool:
    """AHV number: the checksum of EAN-13."""
    return weighted(_digits(text), "1313131313131") % 10 == 0


def is_spanish(text: str) -> bool:
    """DNI and NIE: the number modulo 23 chooses a letter; X, Y and Z stand for 0, 1 and 2."""
    compact = text.replace("-", "")
    number = compact[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == compact[-1]


def is_chinese(text: str) -> bool:
    """Resident identity number: ISO 7064 modulo 11-2, with X for ten."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17]


# Values of the characters at odd places of an Italian tax code; at even places, digits and letters count from 0.
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def is_italian(text: str) -> bool:
    """Codice fiscale: 15 characters, valued by place, choose a letter."""
    values = [int(character) if character.isdigit() else ord(character) - ord("A") for character in text[:15]]
    return (sum(_ODD[value] for value in values[::2]) + sum(values[1::2])) % 26 == ord(text[15]) - ord("A")


# What follows the first character, and the check of the whole.
_FORMS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "fr": (rf"(?<=[12]) ?[0-9]{{2}} ?{_MONTH} ?(?:[0-9]{{2}}|2[AB]) ?[0-9]{{3}} ?[0-9]{{3}} ?[0-9]{{2}}", is_french),
    "br": (r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", is_brazilian),
    "be": (rf"[0-9]\.{_MONTH}\.{_DAY}-[0-9]{{3}}\.[0-9]{{2}}", is_belgian),
    "se": (rf"(?:[09][0-9])?[0-9]{_MONTH}{_DAY}[-+][0-9]{{4}}", is_swedish),
    "fi": (rf"(?<=[0-3])[0-9]{_MONTH}[0-9]{{2}}[-+A-FU-Y][0-9]{{3}}[0-9A-FHJ-NPR-Y]", is_finnish),
    "ch": (r"(?<=7)56\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", is_swiss),
    "es": (r"(?:(?<=[0-9])|(?<=[XYZ])-?)[0-9]{7}-?[A-Z]", is_spanish),
    "eleven": (r"(?<=[0-9])[0-9]{10}", is_eleven_digits),
    "cn": (rf"(?<=[1-8])[0-9]{{5}}(?:19|20)[0-9]{{2}}{_MONTH}{_DAY}[0-9]{{3}}[0-9X]", is_chinese),
}


def has_check_digits(match: re.Match[str]) -> bool:
    """Whether the check digits of a number are those of the country whose form it has."""
    return _FORMS[str(match.lastgroup)][1](match[0]) and not is_in_resource_name(match)


_SOCIAL_SECURITY = re.compile(r"(?:\bssns?|social[ -]security)\b[^\n\[\]0-9]{0,40}\Z", re.IGNORECASE)
_START = r"(?<![\w.+-].)"
_END = r"(?!\w|[.\-]\w)"

DETECTORS = (
    Detector(
        "ssn",
        has_long_number,
        re.compile(rf"[0-8]{_START}[0-9]{{2}}(?<!000|666)-(?!00)[0-9]{{2}}-(?!0000)[0-9]{{4}}{_END}"),
    ),
    Detector(
        "ssn",
        has_long_number,
        re.compile(rf"[0-8]{_START}[0-9]{{2}}(?<!000|666) ?(?!00)[0-9]{{2}} ?(?!0000)[0-9]{{4}}{_END}"),
        lambda match: _SOCIAL_SECURITY.search(before(match, 64)) is not None,
    ),
    Detector(
        "national_id",
        has_long_number,
        re.compile(
            rf"[0-9XYZ]{_START}(?:{'|'.join(f'(?P<{name}>{form})' for name, (form, _) in _FORMS.items())}){_END}"
        ),
        has_check_digits,
    ),
    Detector(
        "national_id",
        has_long_number,
        re.compile(r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)"),
        lambda match: is_italian(match[0]),
    ),
)
