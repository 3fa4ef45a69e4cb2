"""The base model's chat template: how a conversation becomes one text, by the rules of transformers.

A template is a program in Jinja that comes with the weights, so it runs in Jinja's sandbox. It is not told the date,
which some templates write into the system's turn where they can: a count must be the same tomorrow. (They have a
fixed date to fall back on, of the same form.)
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.formats.records import Message
from pipelines.preparation.errors import InvalidArguments


class Unwritable(Exception):
    """The template refuses a conversation; the text says why."""


class ChatTemplate:
    """A template, compiled."""

    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        self._special_tokens = dict(special_tokens)
        try:
            import jinja2
        except ImportError as error:
            raise not_installed("jinja2", error) from error
        self._refusals = (jinja2.TemplateError, TypeError, ValueError, KeyError)
        try:
            self._template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise Unwritable(f"it is no Jinja template: {error}") from error

    def write(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        """Return the conversation as one text; `ask` adds the beginning of the assistant's turn.

        Raises `Unwritable` where the template refuses it, as some do a turn of the system.
        """
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text: str = self._template.render(
                messages=turns, tools=None, documents=None, add_generation_prompt=ask, **self._special_tokens
            )
        except self._refusals as error:
            raise Unwritable(str(error)) from error
        return text


def not_installed(package: str, error: ImportError) -> InvalidArguments:
    """The error of a job that has been started without what counting needs."""
    return InvalidArguments(
        f"data.filters.max_tokens needs the package {package}, which is not here ({error}). The job installs it when "
        "it is deployed with data.filters.max_tokens; deploy the job and its settings together."
    )


def _environment() -> Any:
    from jinja2 import TemplateError, nodes
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """`{% generation %}…{% endgeneration %}` marks what the assistant says, and changes nothing of it."""

        tags = {"generation"}  # noqa: RUF012  (Jinja reads this very name off the class)

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = raise_exception
    environment.filters["tojson"] = _to_json
    return environment


def _to_json(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
