"""C4's rules: Raffel et al. 2020, "Exploring the Limits of Transfer Learning", arXiv 1910.10683, section 2.2.

C4 drops single lines, and keeps a page when enough is left of it. A labelled text must stay whole, because its target
was written for all of it: here a line that C4 would drop does not count, and the text is judged by what is left.
The policy phrases and the longest word are in the code that C4 was released with (tensorflow_datasets, `c4_utils.py`).
"""

import re

from pipelines.preparation.quality.verdict import refuse
from pipelines.preparation.quality.view import ELLIPSES, TextView
from pipelines.preparation.records import Reason, Rejected
from pipelines.preparation.thresholds import Thresholds

POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

_LINE_ENDS = (".", "!", "?", '"', "”")
_SENTENCE_END = re.compile(r"[.!?][\"”')\]]*(?=\s|$)")


def check_c4(view: TextView, thresholds: Thresholds) -> None:
    """Raise `Rejected` with the first of C4's rules that the text breaks."""
    check_placeholder(view)
    check_curly_bracket(view)
    check_sentences(view, thresholds)


def check_placeholder(view: TextView) -> None:
    """No page with "lorem ipsum"."""
    if "lorem ipsum" in view.text.lower():
        raise Rejected(Reason.C4_LOREM_IPSUM, "the text has 'lorem ipsum'; set data.quality.c4 to false to allow it")


def check_curly_bracket(view: TextView) -> None:
    """No page with a curly bracket, which is code more often than prose."""
    if "{" in view.text:
        raise Rejected(Reason.C4_CURLY_BRACKET, "the text has '{'; set data.quality.c4 to false to allow it")


def check_sentences(view: TextView, thresholds: Thresholds) -> None:
    """At least three sentences in the lines that C4 would keep."""
    kept = [line for line in view.lines if is_kept(line, thresholds)]
    count = sum(map(count_sentences, kept))
    if count < thresholds.c4_min_sentences:
        found = f"{count} sentences in the {len(kept)} of {len(view.lines)} lines that C4 would keep"
        raise refuse(Reason.C4_FEW_SENTENCES, found, thresholds, "c4_min_sentences")


def is_kept(line: str, thresholds: Thresholds) -> bool:
    """Whether C4 keeps a line: it ends as a sentence does, has five words, and is no notice about a page."""
    if not line.endswith(_LINE_ENDS) or line.endswith(ELLIPSES):
        return False
    words = line.split()
    if len(words) < thresholds.c4_min_words_per_line or max(map(len, words)) > thresholds.c4_max_word_length:
        return False
    lowered = line.lower()
    return "javascript" not in lowered and not any(policy in lowered for policy in POLICIES)


def count_sentences(line: str) -> int:
    """Number of sentences of a line that ends as a sentence does."""
    return max(1, len(_SENTENCE_END.findall(line)))
