"""The data funnel: what came in, what each stage took away and for which reasons, and what each split received."""

from __future__ import annotations

from typing import Any

from twin.report.charts.svg import WIDTH, figure, rect, text

LEFT, ROW, BAR, LINE = 130, 34, 20, 15
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
    y = ROW
    for stage in data["stages"]:
        drawn, height = _stage(y, stage, scale)
        parts += drawn
        y += height
    parts += _splits(y, data["splits"], scale, f"{data['kept']:,} kept")
    return figure(y + ROW + 22, "From the records that came in to those that each split received", parts)


def _row(y: int, label: str, width: float, kind: str, words: str) -> list[str]:
    return [
        text(LEFT - 10, y + 15, label, anchor="end"),
        rect(LEFT, y, width, BAR, kind),
        text(LEFT + width + 8, y + 15, words, "value"),
    ]


def _stage(y: int, stage: dict[str, Any], scale: float) -> tuple[list[str], int]:
    """Return a stage's row and its height: every reason is named, on as many lines as they take."""
    kept, gone = stage["kept"] * scale, sum(stage["rejected"].values())
    label = STAGES.get(stage["name"], stage["name"])
    parts = [text(LEFT - 10, y + 15, label, anchor="end"), rect(LEFT, y, kept, BAR, "bar")]
    if not gone:
        return [*parts, text(LEFT + kept + 8, y + 15, "none rejected", "value")], ROW
    end = LEFT + kept + max(gone * scale, 1.5)
    lines = wrapped(_reasons(stage["rejected"]), int((WIDTH - end) / CHARACTER))
    parts.append(rect(LEFT + kept, y, gone * scale, BAR, "bad"))
    first = y + (15 if len(lines) == 1 else 9)
    parts += [text(end + 8, first + number * LINE, line, "value") for number, line in enumerate(lines)]
    return parts, ROW + LINE * max(len(lines) - 2, 0)


def _reasons(rejected: dict[str, int]) -> str:
    found = sorted(((count, reason.replace("_", " ")) for reason, count in rejected.items() if count), reverse=True)
    if len(found) == 1:
        return f"−{found[0][0]:,} {found[0][1]}"
    total = sum(count for count, _ in found)
    return f"−{total:,}: {', '.join(f'{reason} {count:,}' for count, reason in found)}"


def wrapped(words: str, fits: int) -> list[str]:
    """Break a list at commas so that each line has at most `fits` characters, or one item that is longer."""
    first, *items = words.split(", ")
    lines = [first]
    for item in items:
        if len(lines[-1]) + len(item) + 3 <= fits:
            lines[-1] += f", {item}"
        else:
            lines[-1] += ","
            lines.append(item)
    return lines


def _splits(y: int, splits: dict[str, int], scale: float, words: str) -> list[str]:
    x = float(LEFT)
    parts = [text(LEFT - 10, y + 15, "splits", anchor="end")]
    for name, kind in SHADES.items():
        width = splits.get(name, 0) * scale
        parts.append(rect(x, y, width, BAR, kind))
        x += width
    parts.append(text(x + 8, y + 15, words, "value"))
    legend = ", ".join(f"{name} {splits.get(name, 0):,}" for name in SHADES)
    return [*parts, text(LEFT, y + 40, legend, "value")]
