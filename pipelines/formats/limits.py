"""What each model and method documents about its training data: one row each, with its sources.

Only what a page or a validator of AWS, or of the model's maker, says stands here; an empty field means that none was
found, not that there is no limit. docs/check_data.md shows the same table, and a test holds the two equal.
"""

from dataclasses import dataclass
from typing import NamedTuple

from pipelines.formats import sources
from pipelines.formats.records import Format
from pipelines.formats.sources import Source

CHARACTERS_PER_TOKEN = 6
"""How AWS estimates: the quota of characters of a record is its quota of tokens times six."""
CAUTIOUS_CHARACTERS_PER_TOKEN = 3
"""How AWS's own validator for Claude estimates: text that is no plain English has as many tokens."""

FINE_TUNING = "fine-tuning"


class Bounds(NamedTuple):
    """Least and most records, where they are documented."""

    least: int | None = None
    most: int | None = None


_ANY = Bounds()


@dataclass(frozen=True, slots=True)
class Limits:
    """One model and method."""

    key: str
    """What the catalogue calls the model."""
    name: str
    method: str
    format: Format
    sources: tuple[Source, ...]
    tokens: int | None = None
    """Most tokens of a record, prompt and answer together."""
    training: Bounds = _ANY
    validation: Bounds = _ANY
    total: Bounds = _ANY
    """Records of training and validation together."""
    reserved: tuple[str, ...] = ()
    """What no prompt may hold."""
    maybe_reserved: tuple[str, ...] = ()
    """What AWS's validator refuses beside that, in whatever case and anywhere in a record."""
    plain_file_name: bool = False
    """Whether the file's name may have letters, digits, underscores, hyphens and dots alone."""
    validation_used: bool = True


_NOVA_RESERVED = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
_NOVA_MAYBE = (*_NOVA_RESERVED, "Thought:", "<unk>")


def _nova(key: str, name: str) -> Limits:
    return Limits(
        key=key,
        name=name,
        method=FINE_TUNING,
        format=Format.CONVERSATION,
        sources=(sources.NOVA, sources.NOVA_VALIDATOR),
        tokens=32_000,
        training=Bounds(8, 20_000),
        reserved=_NOVA_RESERVED,
        maybe_reserved=_NOVA_MAYBE,
        plain_file_name=True,
    )


def _llama_3_1(key: str, name: str) -> Limits:
    return Limits(
        key=key,
        name=name,
        method=FINE_TUNING,
        format=Format.PROMPT_COMPLETION,
        sources=(sources.BEDROCK, sources.LLAMA_VALIDATOR),
        tokens=16_000,
        training=Bounds(most=10_000),
        validation=Bounds(most=1_000),
        total=Bounds(100, 10_000),
    )


LIMITS: tuple[Limits, ...] = (
    _nova("nova-micro", "Amazon Nova Micro"),
    _nova("nova-lite", "Amazon Nova Lite"),
    _nova("nova-pro", "Amazon Nova Pro"),
    Limits(
        key="nova-2-lite",
        name="Amazon Nova 2 Lite",
        method=FINE_TUNING,
        format=Format.CONVERSATION,
        sources=(sources.NOVA_2, sources.NOVA_VALIDATOR),
        training=Bounds(200, 20_000),
        maybe_reserved=_NOVA_MAYBE,
        validation_used=False,
    ),
    _llama_3_1("llama-3-1-8b-instruct", "Meta Llama 3.1 8B Instruct"),
    _llama_3_1("llama-3-1-70b-instruct", "Meta Llama 3.1 70B Instruct"),
    Limits(
        key="llama-3-3-70b-instruct",
        name="Meta Llama 3.3 70B Instruct",
        method=FINE_TUNING,
        format=Format.CONVERSATION,
        sources=(sources.BEDROCK,),  # AWS's validator does not name it
        tokens=16_000,
        total=Bounds(100, 10_000),
    ),
)

MODELS = tuple(dict.fromkeys(row.key for row in LIMITS))
"""Keys of the models that Bedrock fine-tunes on text; a test holds them equal to the catalogue's."""


def rows_of(model: str) -> tuple[Limits, ...]:
    """Return the rows of a model; raises `ValueError` naming the models there are."""
    rows = tuple(row for row in LIMITS if row.key == model)
    if not rows:
        raise ValueError(f"{model!r} is no model whose limits are known; these are: {', '.join(MODELS)}")
    return rows


def limits_of(model: str, form: Format) -> Limits | None:
    """Return the row of a model that takes a format; None where it takes none of that format."""
    return next((row for row in rows_of(model) if row.format is form), None)
