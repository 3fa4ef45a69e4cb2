"""Bedrock's guardrail, on what comes in and on what goes out.

A model on Bedrock is asked with the guardrail in the Converse call, which costs no call of its own. To every other
model's conversation, and to a system prompt, which Converse does not assess, the same guardrail is applied by
ApplyGuardrail. What blocks a text is for the log; the caller learns that it was
blocked, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from lambdas.gateway.exchange import Turn
from lambdas.gateway.guard.attacks import attack_in
from lambdas.gateway.retrieval.calls import explained
from lambdas.shared import aws, environment
from lambdas.shared.errors import ConfigurationError, ServiceCallFailed

MESSAGE = "This is not answered: it does not agree with the rules of this service."
"""In these words, which the deployed guardrail has as well, whatever blocked it."""
READ_TIMEOUT_SECONDS = 10
MOST_QUERY_CHARACTERS = 1000
"""Of the question that grounding is judged by; with more Bedrock refuses to."""
Side = Literal["INPUT", "OUTPUT"]


@dataclass(frozen=True)
class Blocked:
    """A text that may not pass.

    Attributes:
        side: whether it is the caller's or the model's.
        reason: for the log alone: which policy of the guardrail, or which kind of attack.
    """

    side: Side
    reason: str


@dataclass(frozen=True)
class Guard:
    """What is applied to every request.

    Attributes:
        guardrail: id or ARN, and version; None where there is none.
        attacks: whether attacks that are told by the letter are blocked.
        grounding: whether the guardrail judges answers from documents by their passages.
    """

    guardrail: tuple[str, str] | None
    attacks: bool
    grounding: bool = False

    @staticmethod
    def from_environment(settings: Mapping[str, Any]) -> Guard:
        """Give the guard of the gateway's settings and environment.

        Raises:
            ConfigurationError: the guardrail's id is there without its version, or the other way round.
        """
        identifier, version = environment.optional("GUARDRAIL_ID"), environment.optional("GUARDRAIL_VERSION")
        if bool(identifier) != bool(version):
            raise ConfigurationError(
                "Of GUARDRAIL_ID and GUARDRAIL_VERSION one is set and the other is not",
                remedy="Set both on the function in its stack, or neither.",
            )
        wanted = settings.get("guard") or {}
        guardrail = (identifier, version) if identifier else None
        return Guard(guardrail, bool(wanted.get("attacks")), bool(guardrail and wanted.get("grounding")))

    @property
    def version(self) -> str:
        """What an answer was guarded by, for the keys of caches."""
        return f"{':'.join(self.guardrail or ())}/{'attacks' if self.attacks else ''}"

    def converse_config(self, *, stream: bool = False) -> dict[str, str] | None:
        """Give the `guardrailConfig` of Converse, or of ConverseStream; None without a guardrail.

        A stream is assessed before it is sent on (`sync`): what was blocked has then not been seen. The trace tells
        what was blocked from what was only masked.
        """
        if self.guardrail is None:
            return None
        identifier, version = self.guardrail
        config = {"guardrailIdentifier": identifier, "guardrailVersion": version, "trace": "enabled"}
        return {**config, "streamProcessingMode": "sync"} if stream else config

    def check_attacks(self, turns: Sequence[Turn]) -> Blocked | None:
        """Look for attacks that are told by the letter; no service is asked."""
        found = attack_in(turns) if self.attacks else None
        return Blocked("INPUT", f"attack: {found}") if found else None

    def check_input(self, turns: Sequence[Turn]) -> Blocked | tuple[Turn, ...]:
        """Apply the guardrail to a conversation for a model that does not do it by itself.

        Returns:
            The conversation, with what the guardrail masks masked; or what blocks it.

        Raises:
            Problem: it cannot be applied: then nothing may pass.
        """
        texts = [turn.content for turn in turns]
        passed = self._applied("INPUT", [{"text": {"text": text}} for text in texts], texts)
        if isinstance(passed, Blocked):
            return passed
        return tuple(replace(turn, content=text) for turn, text in zip(turns, passed, strict=True))

    def check_output(self, text: str, *, sources: Sequence[str] = (), query: str = "") -> Blocked | str:
        """Apply the guardrail to an answer, or to a part of one.

        Args:
            text: what the model wrote.
            sources: the passages that it has to be grounded in; without any, grounding is not judged.
            query: what was asked, for the same.

        Raises:
            Problem: it cannot be applied: then nothing may pass.
        """
        content = [{"text": {"text": source, "qualifiers": ["grounding_source"]}} for source in sources]
        if sources and query:
            content.append({"text": {"text": query[:MOST_QUERY_CHARACTERS], "qualifiers": ["query"]}})
        content.append({"text": {"text": text, **({"qualifiers": ["guard_content"]} if sources else {})}})
        passed = self._applied("OUTPUT", content, [text])
        return passed if isinstance(passed, Blocked) else passed[0]

    @explained("the guardrail")
    def _applied(self, side: Side, content: list[dict[str, Any]], texts: list[str]) -> Blocked | list[str]:
        """Give the texts as they may pass, or what blocks them; blank ones have nothing to assess."""
        if self.guardrail is None or not any(text.strip() for text in texts):
            return texts
        identifier, version = self.guardrail
        answer = aws.client("bedrock-runtime", read_timeout=READ_TIMEOUT_SECONDS, attempts=2).apply_guardrail(
            guardrailIdentifier=identifier, guardrailVersion=version, source=side, content=content
        )
        if answer["action"] != "GUARDRAIL_INTERVENED":
            return texts
        if policies := sorted(set(blocking(answer.get("assessments", ())))):
            return Blocked(side, f"guardrail: {', '.join(policies)}")
        masked = [str(output["text"]) for output in answer.get("outputs", ())]
        if len(masked) != len(texts):
            # Which of them is which cannot be told, so neither may any of them pass.
            raise ServiceCallFailed(
                f"ApplyGuardrail masked {len(texts)} texts and gave {len(masked)} back",
                remedy="Look the guardrail's policies up in the console, and try again.",
            )
        return masked


def blocking(assessments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Name the policies that block: `wordPolicy`, `topicPolicy` and so on."""
    for assessment in assessments:
        for policy, groups in assessment.items():
            if not isinstance(groups, Mapping):
                continue
            for entries in groups.values():
                if isinstance(entries, list) and any(
                    isinstance(entry, Mapping) and entry.get("action") == "BLOCKED" for entry in entries
                ):
                    yield policy
