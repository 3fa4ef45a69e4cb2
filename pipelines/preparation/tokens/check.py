"""The limit in tokens, last of the filters because it costs most."""

from pipelines.formats.records import Message
from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.formats import messages_of
from pipelines.preparation.personal_data import protect
from pipelines.preparation.records import Example, Reason, Rejected
from pipelines.preparation.settings import Settings
from pipelines.preparation.tokens.chat_template import Unwritable
from pipelines.preparation.tokens.counting import ChatTokenizer, chat_tokenizer


def check_tokens(example: Example, settings: Settings) -> None:
    """Raise `Rejected` where the record has more tokens than `data.filters.max_tokens`; 0 counts nothing.

    It is counted as it will be written: with the instruction, and with personal data replaced where that is asked for.
    """
    limit = settings.filters.max_tokens
    if not limit:
        return
    if settings.tokenizer is None:
        raise InvalidArguments("The tokenizer was not found before it was needed: a defect of the job.")
    tokenizer = chat_tokenizer(settings.tokenizer)
    if settings.personal_data == "redact":
        example, _ = protect(example, "redact")
    messages = messages_of(example, settings.instruction)
    if not messages:
        # A text alone is for continued pre-training, which knows no conversation.
        _check_text(example.text, tokenizer, limit)
        return
    _check_text(_written(messages, tokenizer), tokenizer, limit)
    if example.rejected:
        # Training sees each answer behind the same text; which one has more tokens, only counting tells.
        other = (*messages[:-1], messages[-1]._replace(content=example.rejected))
        _check_text(_written(other, tokenizer), tokenizer, limit, " with the rejected answer")


def _check_text(text: str, tokenizer: ChatTokenizer, limit: int, what: str = "") -> None:
    if not tokenizer.surely_fits(text, limit) and (count := tokenizer.count(text)) > limit:
        raise Rejected(Reason.TOO_MANY_TOKENS, f"{count} tokens{what}; data.filters.max_tokens is {limit}")


def _written(messages: tuple[Message, ...], tokenizer: ChatTokenizer) -> str:
    try:
        return tokenizer.write(messages)
    except Unwritable as error:
        raise Rejected(
            Reason.INVALID_CONVERSATION, f"the chat template of the model to tune refuses it: {error}"
        ) from error
