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
PRE_TRAINING = "continued pre-training"

_KIB = 1024
_MB, _GB = _KIB**2, _KIB**3


class Bounds(NamedTuple):
    """Least and most records, where they are documented."""

    least: int | None = None
    most: int | None = None


_ANY = Bounds()


@dataclass(frozen=True, slots=True)
class Limits:
    """One model and method."""

    family: str
    model: str
    method: str
    format: Format
    sources: tuple[Source, ...]
    tokens: int | None = None
    """Most tokens of a record, prompt and answer together."""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    batch_tokens: int | None = None
    """Most tokens of a record in larger batches than the smallest."""
    training: Bounds = _ANY
    validation: Bounds = _ANY
    total: Bounds = _ANY
    """Records of training and validation together."""
    training_bytes: int | None = None
    validation_bytes: int | None = None
    reserved: tuple[str, ...] = ()
    """What no prompt may hold."""
    reserved_in_answers: bool = False
    """Whether answers may not hold it either."""
    maybe_reserved: tuple[str, ...] = ()
    """What AWS's validator refuses beside that, in whatever case and anywhere in a record."""
    only_known_keys: bool = False
    one_system_part: bool = False
    plain_file_name: bool = False
    """Whether the file's name may have letters, digits, underscores, hyphens and dots alone."""
    validation_used: bool = True


_NOVA_RESERVED = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
_NOVA_MAYBE = (*_NOVA_RESERVED, "Thought:", "<unk>")


def _titan(family: str, model: str, *methods: str, batch_tokens: int | None = 2048) -> tuple[Limits, ...]:
    rows = {
        FINE_TUNING: (Format.PROMPT_COMPLETION, (sources.BEDROCK,), 1 * _GB),
        PRE_TRAINING: (Format.PRE_TRAINING, (sources.BEDROCK_EARLIER, sources.PRE_TRAINING), 10 * _GB),
    }
    return tuple(
        Limits(
            family=family,
            model=model,
            method=method,
            format=form,
            sources=pages,
            tokens=4096,
            batch_tokens=batch_tokens,
            training_bytes=size,
            validation_bytes=100 * _MB,
            only_known_keys=method == PRE_TRAINING,
        )
        for method, (form, pages, size) in rows.items()
        if method in methods
    )


def _nova(family: str, model: str) -> Limits:
    return Limits(
        family=family,
        model=model,
        method=FINE_TUNING,
        format=Format.CONVERSATION,
        sources=(sources.NOVA, sources.NOVA_VALIDATOR),
        tokens=32_000,
        training=Bounds(8, 20_000),
        reserved=_NOVA_RESERVED,
        maybe_reserved=_NOVA_MAYBE,
        plain_file_name=True,
    )


def _llama(family: str, model: str, form: Format, tokens: int = 16_000) -> Limits:
    validated = family != "llama-3.3"  # AWS's validator does not name it
    return Limits(
        family=family,
        model=model,
        method=FINE_TUNING,
        format=form,
        sources=(sources.BEDROCK, sources.LLAMA_VALIDATOR) if validated else (sources.BEDROCK,),
        tokens=tokens,
        training=Bounds(most=10_000) if validated else _ANY,
        validation=Bounds(most=1_000) if validated else _ANY,
        total=Bounds(100, 10_000),
        one_system_part=validated and form is Format.CONVERSATION,
    )


LIMITS: tuple[Limits, ...] = (
    *_titan("titan-text-premier", "Amazon Titan Text Premier", FINE_TUNING, batch_tokens=None),
    *_titan("titan-text-express", "Amazon Titan Text G1 - Express", FINE_TUNING, PRE_TRAINING),
    *_titan("titan-text-lite", "Amazon Titan Text G1 - Lite", FINE_TUNING, PRE_TRAINING),
    _nova("nova-micro", "Amazon Nova Micro"),
    _nova("nova-lite", "Amazon Nova Lite"),
    _nova("nova-pro", "Amazon Nova Pro"),
    Limits(
        family="nova-2-lite",
        model="Amazon Nova 2 Lite",
        method=FINE_TUNING,
        format=Format.CONVERSATION,
        sources=(sources.NOVA_2, sources.NOVA_VALIDATOR),
        training=Bounds(200, 20_000),
        maybe_reserved=_NOVA_MAYBE,
        validation_used=False,
    ),
    _llama("llama-3.1", "Meta Llama 3.1 8B and 70B Instruct", Format.PROMPT_COMPLETION),
    _llama("llama-3.2", "Meta Llama 3.2 1B, 3B and 11B Instruct", Format.CONVERSATION),
    _llama("llama-3.2-90b", "Meta Llama 3.2 90B Instruct", Format.CONVERSATION, tokens=10_000),
    _llama("llama-3.3", "Meta Llama 3.3 70B Instruct", Format.CONVERSATION),
    Limits(
        family="cohere-command",
        model="Cohere Command",
        method=FINE_TUNING,
        format=Format.PROMPT_COMPLETION,
        sources=(sources.BEDROCK, sources.COHERE),
        prompt_tokens=4096,
        answer_tokens=2048,
        training=Bounds(32, 10_000),
        validation=Bounds(most=1_000),
    ),
    Limits(
        family="claude-3-haiku",
        model="Anthropic Claude 3 Haiku",
        method=FINE_TUNING,
        format=Format.MESSAGES,
        sources=(sources.BEDROCK, sources.CLAUDE_VALIDATOR, sources.CLAUDE),
        tokens=32_000,
        training=Bounds(32, 10_000),
        validation=Bounds(32, 1_000),
        total=Bounds(most=10_000),
        training_bytes=10 * _GB,
        validation_bytes=1 * _GB,
        reserved=("\nHuman:", "\nAssistant:"),
        reserved_in_answers=True,
        only_known_keys=True,
    ),
)

FAMILIES = tuple(dict.fromkeys(row.family for row in LIMITS))
"""Names of the models, as `--model` takes them."""


def rows_of(family: str) -> tuple[Limits, ...]:
    """Return the rows of a model; raises `ValueError` naming the models there are."""
    rows = tuple(row for row in LIMITS if row.family == family)
    if not rows:
        raise ValueError(f"{family!r} is no model whose limits are known; these are: {', '.join(FAMILIES)}")
    return rows


def limits_of(family: str, form: Format) -> Limits | None:
    """Return the row of a model that takes a format; None where it takes none of that format."""
    return next((row for row in rows_of(family) if row.format is form), None)
