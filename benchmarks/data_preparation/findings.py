"""What a tool said of the documents, in the same form for all tools."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Findings:
    """Which documents were taken out as duplicates, and which belong together.

    Attributes:
        removed: ids of the documents that were taken out as copies or near-copies of others.
        filtered: ids that were taken out for another reason.
        cluster: of each id that has others beside it, the name of its cluster.
    """

    removed: set[str] = field(default_factory=set)
    filtered: set[str] = field(default_factory=set)
    cluster: dict[str, str] = field(default_factory=dict)

    def members(self) -> dict[str, list[str]]:
        """Return the ids of each cluster."""
        members: dict[str, list[str]] = {}
        for identity, name in sorted(self.cluster.items()):
            members.setdefault(name, []).append(identity)
        return members


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each name in the pairs one name that stands for all that hang together."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = name = parent[parent[name]]
        return name

    for left, right in pairs:
        parent[root(left)] = root(right)
    return {name: root(name) for name in parent}
