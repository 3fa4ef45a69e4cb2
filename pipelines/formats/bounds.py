"""What a model's limits say of one record, by AWS's estimate of its tokens."""

from collections.abc import Iterator, Sequence

from pipelines.formats.fields import Examined, Part, Text
from pipelines.formats.limits import CAUTIOUS_CHARACTERS_PER_TOKEN, CHARACTERS_PER_TOKEN, Limits
from pipelines.formats.reasons import Problem, Reason


def estimated_tokens(characters: int) -> int:
    """Return about how many tokens a text has, as AWS estimates it."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def breaches(record: Examined, limits: Limits) -> Iterator[Problem]:
    """Yield what about a record is against the limits of a model."""
    yield from _reserved_words(record.texts, limits)
    yield from _length(sum(len(text.content) for text in record.texts), limits.tokens)


def _length(characters: int, most: int | None) -> Iterator[Problem]:
    if most is None:
        return
    if characters > most * CHARACTERS_PER_TOKEN:
        yield Problem(Reason.TOO_LONG, f"the record has {_size(characters)}; the model takes {most:,}")
    elif characters > most * CAUTIOUS_CHARACTERS_PER_TOKEN:
        detail = f"the record has {_size(characters)}, at {CAUTIOUS_CHARACTERS_PER_TOKEN} characters a token "
        detail += f"{-(-characters // CAUTIOUS_CHARACTERS_PER_TOKEN):,}; the model takes {most:,}"
        yield Problem(Reason.MAYBE_TOO_LONG, detail)


def _size(characters: int) -> str:
    return f"{characters:,} characters, about {estimated_tokens(characters):,} tokens"


def _reserved_words(texts: Sequence[Text], limits: Limits) -> Iterator[Problem]:
    for text in texts:
        part = text.part.name.lower()
        refused = () if text.part is Part.ANSWER else limits.reserved
        if found := next((word for word in refused if word in text.content), None):
            yield Problem(Reason.RESERVED_WORD, f"{found!r} in the {part}")
        elif found := _in_any_case(limits.maybe_reserved, text.content):
            yield Problem(Reason.MAYBE_RESERVED_WORD, f"{found!r} in the {part}")


def _in_any_case(words: Sequence[str], content: str) -> str | None:
    """The first of the words that a text has, as the text spells it."""
    lowered = content.lower()
    for word in words:
        if (start := lowered.find(word.lower())) >= 0:
            # A letter whose small form is longer moves what stands behind it: then the word is shown as documented.
            return content[start : start + len(word)] if len(lowered) == len(content) else word
    return None
