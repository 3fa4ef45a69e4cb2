"""Markdown as sections: its headings are found, the rest stays as it is written, which people and models can read."""

from __future__ import annotations

from lambdas.gateway.retrieval.reading.sections import Outline, Section

FENCES = ("```", "~~~")


def read_markdown(text: str) -> list[Section]:
    """Read headings with number signs and underlined ones; in fenced code there are none.

    >>> [section.path for section in read_markdown("# Guide\\nHello.\\n## Set-up\\nRun it.")]
    [('Guide',), ('Guide', 'Set-up')]
    """
    outline = Outline()
    fence = ""
    held: str | None = None  # a line that an underline may yet make a heading
    for line in text.splitlines():
        bare = line.strip()
        level = _level(line) if not fence else 0
        if held is not None and not fence and _underlines(bare):
            outline.heading(1 if bare[0] == "=" else 2, held)
            held = None
            continue
        if held is not None:
            outline.text(f"{held}\n")
            held = None
        if level:
            outline.heading(level, bare[level:].rstrip().rstrip("#"))
        elif not fence and bare and not bare.startswith((*FENCES, "-", "*", ">", "|")):
            held = line
        else:
            fence = _fence_after(fence, bare)
            outline.text(f"{line}\n")
    outline.text(held or "")
    return outline.sections()


def _level(line: str) -> int:
    """Give the level of a heading with number signs, or 0."""
    bare = line.lstrip(" ")
    if len(line) - len(bare) > 3 or not bare.startswith("#"):
        return 0
    level = len(bare) - len(bare.lstrip("#"))
    return level if level <= 6 and bare[level : level + 1] in ("", " ", "\t") else 0


def _underlines(bare: str) -> bool:
    return len(bare) > 1 and bare.strip(bare[0]) == "" and bare[0] in "=-"


def _fence_after(fence: str, bare: str) -> str:
    """Give the fence that is open behind this line; one is closed by its own kind alone."""
    if fence:
        return "" if bare.startswith(fence) else fence
    return next((kind for kind in FENCES if bare.startswith(kind)), "")
