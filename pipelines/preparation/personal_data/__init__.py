"""Personal data and secrets by pattern, each confirmed by what tells it from an ordinary word or number.

Patterns are tight on purpose: a detector that takes every number for a telephone number ruins the text. One family a
module holds the tables (`secrets`, `addresses`, `phone`, `payment`, `national_ids`, `network`), and `redaction` runs
them. Names and postal addresses of people are out of reach of patterns.
"""

from collections import Counter

from pipelines.preparation.personal_data.redaction import redact
from pipelines.preparation.records import Example, Reason, Rejected

__all__ = ["POLICIES", "protect", "redact"]

POLICIES = ("redact", "drop", "tag", "off")


def protect(example: Example, policy: str) -> tuple[Example, dict[str, int]]:
    """Return the example as the policy wants it, and how often each type was found.

    `redact` replaces what is found, `tag` only counts it, `drop` raises `Rejected`, and `off` does not look.
    """
    if policy == "off":
        return example, {}
    found: Counter[str] = Counter()

    def redacted(text: str) -> str:
        text, found_here = redact(text)
        found.update(found_here)
        return text

    protected = example.map(redacted)
    counts = dict(sorted(found.items()))
    if counts and policy == "drop":
        raise Rejected(Reason.PERSONAL_DATA, ", ".join(f"{count} {name}" for name, count in counts.items()))
    return (protected if policy == "redact" else example), counts
