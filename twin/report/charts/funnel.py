"""The data funnel: what came in, what each stage took away and for which reasons, and what each split received."""

from __future__ import annotations

from typing import Any

from twin.report.charts.svg import WIDTH, figure, rect, text

LEFT, ROW, BAR = 130, 34, 20
ROOM = 400
"""Width of the bar of all records."""
CHARACTER = 6.8
"""About the width of a character, so that a line ends where the drawing does."""

STAGES = {
    "parse": "parse",
    "clean": "clean",
    "language": "language",
    "filter": "filter",
    "personal_data": "personal data",
    "harmful": "profanity",
    "deduplicate": "deduplicate",
    "near_duplicates": "near-duplicates",
}
SHADES = {"train": "good", "validation": "good mid", "test": "good pale"}


def draw_funnel(data: dict[str, Any]) -> str:
    """Draw the counts of a preparation that balance: in = kept + rejected at every stage."""
    scale = ROOM / (data["input"] or 1)
    parts = _row(0, "records in", data["input"] * scale, "bar", f"{data['input']:,}")
    for index, stage in enumerate(data["stages"], start=1):
        parts += _stage(index, stage, scale)
    last = len(data["stages"]) + 1
    parts += _splits(last, data["splits"], scale, f"{data['kept']:,} kept")
    return figure((last + 1) * ROW + 22, "From the records that came in to those that each split received", parts)


def _row(index: int, label: str, width: float, kind: str, words: str) -> list[str]:
    y = index * ROW
    return [
        text(LEFT - 10, y + 15, label, anchor="end"),
        rect(LEFT, y, width, BAR, kind),
        text(LEFT + width + 8, y + 15, words, "value"),
    ]


def _stage(index: int, stage: dict[str, Any], scale: float) -> list[str]:
    y, kept, gone = index * ROW, stage["kept"] * scale, sum(stage["rejected"].values())
    label = STAGES.get(stage["name"], stage["name"])
    parts = [text(LEFT - 10, y + 15, label, anchor="end"), rect(LEFT, y, kept, BAR, "bar")]
    if not gone:
        return [*parts, text(LEFT + kept + 8, y + 15, "none rejected", "value")]
    end = LEFT + kept + max(gone * scale, 1.5)
    first, second = two_lines(_reasons(stage["rejected"]), int((WIDTH - end) / CHARACTER))
    parts += [rect(LEFT + kept, y, gone * scale, BAR, "bad"), text(end + 8, y + (9 if second else 15), first, "value")]
    return [*parts, text(end + 8, y + 24, second, "value")] if second else parts


def _reasons(rejected: dict[str, int]) -> str:
    found = sorted(((count, reason.replace("_", " ")) for reason, count in rejected.items() if count), reverse=True)
    if len(found) == 1:
        return f"−{found[0][0]:,} {found[0][1]}"
    total = sum(count for count, _ in found)
    return f"−{total:,}: {', '.join(f'{reason} {count:,}' for count, reason in found)}"


def two_lines(words: str, fits: int) -> tuple[str, str]:
    """Break a list at a comma so that each line has at most `fits` characters; what does not fit ends in `…`."""
    if len(words) <= fits:
        return words, ""
    cut = words.rfind(", ", 0, fits) + 1
    first, second = (words[:cut], words[cut:].strip()) if cut else (words[:fits], words[fits:])
    return first, second if len(second) <= fits else f"{second[: fits - 1]}…"


def _splits(index: int, splits: dict[str, int], scale: float, words: str) -> list[str]:
    y, x = index * ROW, float(LEFT)
    parts = [text(LEFT - 10, y + 15, "splits", anchor="end")]
    for name, kind in SHADES.items():
        width = splits.get(name, 0) * scale
        parts.append(rect(x, y, width, BAR, kind))
        x += width
    parts.append(text(x + 8, y + 15, words, "value"))
    legend = ", ".join(f"{name} {splits.get(name, 0):,}" for name in SHADES)
    return [*parts, text(LEFT, y + 40, legend, "value")]
