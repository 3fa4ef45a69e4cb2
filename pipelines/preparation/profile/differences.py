"""Where a near-duplicate differs from the text that stands for it: that is what a reader wants to see of it."""

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\S+")
_BEFORE = 60
"""Characters shown before the first difference."""


def where_it_differs(text: str, other: str, characters: int) -> tuple[str, list[list[int]]]:
    """Return an excerpt of a text that holds its first difference from another one, and the places of what differs."""
    words, others = list(_WORD.finditer(text)), _WORD.findall(other)
    matcher = SequenceMatcher(None, [word[0] for word in words], others, autojunk=False)
    spans = [
        (words[first].start(), words[last - 1].end())
        for operation, first, last, _, _ in matcher.get_opcodes()
        if operation in ("replace", "delete")
    ]
    begin = 0
    if spans and spans[0][0] > characters // 2:
        begin = text.rfind(" ", 0, spans[0][0] - _BEFORE) + 1
    excerpt = text[begin : begin + characters]
    before, after = "…" if begin else "", "…" if begin + characters < len(text) else ""
    shift = len(before) - begin
    marks = [
        [first + shift, min(last, begin + len(excerpt)) + shift]
        for first, last in spans
        if first < begin + len(excerpt)
    ]
    return f"{before}{excerpt}{after}", marks
