"""Guardrails, as far as they can be decided on this machine: words, patterns, and what patterns know of personal data.

Filters of content, denied topics, grounding and automated reasoning are judgements of models that are not here; a
guardrail that has them is refused when it is made, so that nothing passes here that AWS would have looked at.
"""
