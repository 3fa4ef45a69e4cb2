"""Who asks, and what stands for the table and for a caller's documents around the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.search import Found

USER = {"Content-Type": "application/json", "x-amzn-request-context": '{"authorizer": {"claims": {"sub": "ann"}}}'}
OTHER = {"Content-Type": "application/json", "x-amzn-request-context": '{"authorizer": {"claims": {"sub": "bob"}}}'}


def used(read: int, written: int) -> dict[str, int]:
    """Give what an answer took of a model that keeps no prompts."""
    return {"input_tokens": read, "output_tokens": written, "cache_read_tokens": 0, "cache_write_tokens": 0}


class Items:
    """The gateway's table, in memory."""

    def __init__(self) -> None:
        self.items_: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        item = self.items_.get((pk, sk))
        return {**item, "sk": sk} if item is not None else None

    def put(self, pk: str, sk: str, fields: Mapping[str, Any], *, expires_at: int | None = None) -> None:
        self.items_[pk, sk] = {**fields, "expires_at": expires_at}

    def replace(self, pk: str, sk: str, fields: Mapping[str, Any], *, like: Mapping[str, Any], expires_at: int) -> bool:
        item = self.items_.get((pk, sk), {})
        if any(item.get(name) != value for name, value in like.items()):
            return False
        self.put(pk, sk, fields, expires_at=expires_at)
        return True

    def delete(self, pk: str, sk: str) -> dict[str, Any] | None:
        return self.items_.pop((pk, sk), None)

    def add(self, pk: str, sk: str, numbers: Mapping[str, int], *, expires_at: int) -> dict[str, int]:
        item = self.items_.setdefault((pk, sk), {})
        for name, number in numbers.items():
            item[name] = item.get(name, 0) + number
        return {name: item[name] for name in numbers}

    def items(self, pk: str, fields: Sequence[str], *, limit: int) -> Iterator[dict[str, Any]]:
        found = [(sk, item) for (owner, sk), item in self.items_.items() if owner == pk]
        for sk, item in sorted(found, reverse=True)[:limit]:
            yield {"sk": sk, **{name: item[name] for name in fields}}


class Passages:
    """The caller's documents: the same passages are found whatever is asked."""

    def search(self, caller: Caller, query: str, top_k: int, spent: Callable[[int], None]) -> list[Found]:
        spent(3)
        return [Found("d", "Owls", 0, "Owls hunt mice at night.", 1.0, 0.9, 1.0)]
