"""Answers that were given before: to the very same question, or, where the settings ask for it, to one like it."""

from lambdas.gateway.cache.answers import Cache, Scope, is_cacheable
from lambdas.gateway.cache.semantic import SemanticCache

__all__ = ["Cache", "Scope", "SemanticCache", "is_cacheable"]
