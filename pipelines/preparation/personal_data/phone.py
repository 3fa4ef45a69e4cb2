"""Telephone numbers, where their form or the words before them say that they are some.

Numbers of seven digits and more are everywhere in technical prose, so three forms count: with `+` and the code of a
country, as North America groups them, and any national form behind a word that announces a telephone.
"""

import re

from pipelines.preparation.personal_data.detector import Detector, before, has_long_number

# ITU E.164: the assigned country codes, without North America's 1.
_COUNTRY = re.compile(
    "7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    "|21[1-368]|2[2-6][0-9]|29[0179]|35[0-9]|37[0-8]|38[0-35-79]|42[013]|50[0-9]|59[0-9]|67[02-9]|68[0-35-9]"
    "|69[0-2]|80[08]|85[02356]|870|878|88[0-3568]|96[0-8]|97[0-79]|99[2-68]"
)
# English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Polish: telephone, mobile, fax, "call me".
_ANNOUNCED = re.compile(
    r"(?:(?<!\w)(?:"
    r"t[eé]l[eé]?(?:(?:f|ph)[oóô]+n\w*|fax\w*|)|\w*phone(?!me|tic)\w*|fax\w*|cell|cel|celular|cellulare|gsm|sms|hotline"
    r"|mob|mobil\w*|mobiele?|m[oó]vil|handy\w*|portable(?= ?:)|rufnummer|durchwahl|kom[oó]rk\w+|whats ?app"
    r"|call(?:ing)?(?: (?:me|us|him|her|them|back|at|on))*|(?:text|reach) (?:me|us|him|her|them)|dial|ring"
    r"|anruf\w*|appel\w+|joign\w+|ll[aá]m\w+|marque|ligue|ligar|chiam\w+|bel|bellen|(?:za)?dzwo\w+"
    r")(?!\w))[^\n\[\]!?;]{0,40}\Z",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}([./-])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([./-])[01]?[0-9]\2(?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2} ?[/\u2013-] ?(?:19|20)[0-9]{2}"
)
_SEPARATOR = r"(?:[ ./\-\u2010-\u2013]| [/\-\u2010-\u2013] )"
_DIGITS = rf"(?:{_SEPARATOR}?(?:[0-9]|\([0-9]{{1,5}}\)))"
_EXTENSION = r"(?: ?(?:x|ext\.?|extension) ?[0-9]{1,6})?"
_START = r"(?<![\w.+#/-].)"
_END = r"(?!\w|[.\-][0-9])"
# Behind its first digit: of all numbers that could be national ones, the commonest is none.
_NO_DATE = r"(?!(?:(?<=1)9|(?<=2)0)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9]))"
_has_number = re.compile(rf"[0-9](?<![0-9-].){_NO_DATE}(?:[ ().\-/\u2010-\u2013]{{0,3}}[0-9]){{6}}").search


def is_international(match: re.Match[str]) -> bool:
    """Whether a number with `+` has an assigned country code, and as many digits as such numbers have."""
    digits = re.sub("[^0-9]", "", match["digits"])
    country = _COUNTRY.match(digits)
    if country is None:
        return False
    national = digits[country.end() :]
    shortest = 7 if match["digits"].isdigit() else 6  # 20190101 is a date
    has_trunk_prefix = "(0" in match[0] or digits.startswith("39")
    return shortest <= len(national) and len(digits) <= 17 and (has_trunk_prefix or not national.startswith("0"))


def is_announced(match: re.Match[str]) -> bool:
    """Whether the words before a number say that it is a telephone's."""
    number = match["value"]
    if sum(map(str.isdigit, number)) < 7 or _DATE.fullmatch(number):
        return False
    return _ANNOUNCED.search(before(match, 64)) is not None


INTERNATIONAL = (
    Detector(
        "phone",
        "+1",
        re.compile(
            rf"\+{_START}1[ .-]?(?:\([2-9][0-9]{{2}}\)|[2-9][0-9]{{2}})[ .-]?[2-9][0-9]{{2}}[ .-]?[0-9]{{4}}"
            rf"{_EXTENSION}{_END}"
        ),
    ),
    Detector(
        "phone",
        "+",
        re.compile(rf"\+{_START}(?P<digits>[2-9]{_DIGITS}{{6,14}}){_EXTENSION}{_END}"),
        is_international,
    ),
)
NORTH_AMERICAN = Detector(
    "phone",
    has_long_number,
    re.compile(
        r"(?<![\w.+#/-])(?:(?:00)?1[ .-]?)?"
        r"(?:\([2-9][0-9]{2}\)[ .-]?[2-9][0-9]{2}[ .-]|[2-9][0-9]{2}(?P<separator>[.-])[2-9][0-9]{2}(?P=separator))"
        rf"[0-9]{{4}}{_EXTENSION}{_END}"
    ),
)
ANNOUNCED = Detector(
    "phone",
    _has_number,
    re.compile(
        rf"(?P<value>[0-9(]{_START}(?:(?<=[0-9]){_NO_DATE}|(?<=\()[0-9]{{1,6}}\)){_DIGITS}{{4,13}}{_EXTENSION})"
        rf"{_END}"
    ),
    is_announced,
)
