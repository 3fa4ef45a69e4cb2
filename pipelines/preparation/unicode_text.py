"""One spelling for each text: compatibility forms, invisible characters and white space are made equal.

`normalize` is idempotent: what is clean stays as it is.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# Controls, lone surrogates (JSON can spell them, UTF-8 cannot), soft hyphens, byte order marks, zero-width
# spaces, direction marks and isolates, and interlinear and tag characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Joiners shape Persian, Indic scripts and emoji; beside ASCII they only hide differences.
_STRAY_JOINERS = re.compile(
    "(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
# Sorting a run of marks takes quadratic time; Unicode's stream-safe text format allows 30 in a row.
_MARK = f"[{''.join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))}]"
_EXCESS_MARKS = re.compile(f"({_MARK}{{30}}){_MARK}+")
# What one space already is stays unmatched: most of a text's words are followed by one.
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SPACES_AT_LINE_END = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_LONG_RUN = re.compile("[^\x00-\x7f]{31}")
_SETTLED_BYTES = bytes([*range(0x20, 0x7F), 0x0A])
_UNSETTLED = re.compile("[^\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u2010\u2012-\u2015\u2018-\u201e\u2022]")
"""All but the letters of Western Europe, dashes, quotation marks and bullets: those stay what they are anywhere."""


def normalize(text: str) -> str:
    """Return the text in NFKC, without invisible characters, with single spaces and at most one blank line."""
    if not is_settled(text):
        text = _LINE_ENDS.sub("\n", text)
        text = _INVISIBLE.sub("", text)
        if not text.isascii():
            text = _compose(text)
        text = _SPACES.sub(" ", text)
    elif "  " in text:
        text = _SPACES.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = _SPACES_AT_LINE_END.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()


def is_settled(text: str) -> bool:
    """Whether a text has only characters that stay what they are, beside whatever others of them they stand."""
    # Looking bytes up in a table takes a tenth of the time of a pattern, which is left what is beyond ASCII.
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _SETTLED_BYTES)
    return not beyond or _UNSETTLED.search(beyond.decode("utf-8", "surrogatepass")) is None


def _compose(text: str) -> str:
    # Composing changes a joiner's neighbours, and removing a joiner changes what composes: repeat until stable.
    while True:
        before = text
        if _LONG_RUN.search(text):
            text = _EXCESS_MARKS.sub(r"\1", text)
        text = unicodedata.normalize("NFKC", text)
        if "\u200c" in text or "\u200d" in text:
            text = unicodedata.normalize("NFKC", _STRAY_JOINERS.sub("", text))
        if text == before:
            return text
