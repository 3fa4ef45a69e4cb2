"""A document for the gateway, and what the gateway needs to know to keep it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.twin.conversations import EMBEDDING

BIRDS = b"<h1>Herons</h1><p>They stand in shallow water and wait for fish.</p><h1>Larks</h1><p>They sing in flight.</p>"


@dataclass(frozen=True)
class Embedding:
    model_id: str = EMBEDDING
    dimensions: int = 384


@dataclass(frozen=True)
class Limits:
    max_document_bytes: int = 1_000_000


@dataclass(frozen=True)
class Settings:
    embedding: Embedding = Embedding()
    limits: Limits = Limits()
