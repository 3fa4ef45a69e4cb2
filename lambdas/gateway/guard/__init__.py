"""What may come in and go out: Bedrock's guardrail, and what is told by the letter of an attack on a prompt."""

from lambdas.gateway.guard.attacks import attack_in
from lambdas.gateway.guard.guardrail import MESSAGE, Blocked, Guard
from lambdas.gateway.guard.releasing import Release

__all__ = ["MESSAGE", "Blocked", "Guard", "Release", "attack_in"]
