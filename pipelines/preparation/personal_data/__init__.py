"""Personal data and secrets by pattern, each confirmed by what tells it from an ordinary word or number.

Patterns are tight on purpose: a detector that takes every number for a telephone number ruins the text. One family a
module holds the tables (`secrets`, `addresses`, `phone`, `payment`, `national_ids`, `network`), and `redaction` runs
them. Names and postal addresses of people are out of reach of patterns.
"""

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
    text, found = redact(example.text)
    target, found_in_target = redact(example.target)
    found.update(found_in_target)
    counts = dict(sorted(found.items()))
    if counts and policy == "drop":
        raise Rejected(Reason.PERSONAL_DATA, ", ".join(f"{count} {name}" for name, count in counts.items()))
    return (Example(text, target) if policy == "redact" else example), counts
