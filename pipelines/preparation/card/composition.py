"""What the records are: examples, lengths, languages, labels and where they come from."""

from collections.abc import Sequence
from typing import Any

from pipelines.preparation.card.drawing import Row, bars
from pipelines.preparation.card.elements import Html, join, note, section, tag
from pipelines.preparation.card.figures import count, place, plural
from pipelines.preparation.card.lengths import draw_lengths

WORDS_IN_A_LABEL = 2
"""Targets are labels where each is the target of at least this many records, on average."""


def composition(manifest: dict[str, Any]) -> Html:
    """Return what the kept records are like."""
    profile = manifest["profile"]
    columns = manifest["columns"]
    return section(
        "composition",
        "What a record is",
        note(*_described(columns)),
        *(_example(example, columns) for example in profile["examples"]),
        *_lengths(manifest),
        *_languages(profile["languages"], profile["records"]),
        *_labels(profile["labels"], profile["records"]),
        *_sources(profile["sources"], profile["records"]),
    )


def _described(columns: dict[str, Any]) -> list[str]:
    """Say what a record is made of, by the columns that the raw files have."""
    if columns["messages"]:
        what = ["A record is a conversation, out of the column ", tag("code", columns["messages"]), "."]
    elif columns["target"]:
        what = ["A record is a chat example: the instruction with the text, out of the column "]
        what += [tag("code", columns["text"]), ", from the user; the target, out of "]
        what += [tag("code", columns["target"]), ", from the assistant."]
    else:
        what = ["A record is a text without a target, out of the column ", tag("code", columns["text"]), "."]
    return [*what, " The columns were inferred from the files."] if columns["inferred"] else what


def _example(example: dict[str, Any], columns: dict[str, str]) -> Html:
    return tag(
        "figure",
        tag("p", columns["text"] or "turns before", class_="who"),
        tag("blockquote", example["text"]),
        *_target(example["target"], columns["target"] or "last turn"),
        tag("figcaption", f"{example['split']} · {place(example['source'])}"),
        class_="example",
    )


def _target(target: str, column: str) -> list[Html]:
    return [tag("p", column, class_="who"), tag("blockquote", target, class_="target")] if target else []


def _lengths(manifest: dict[str, Any]) -> list[Html]:
    profile, filters = manifest["profile"], manifest["settings"]["data"]["filters"]
    measured = {
        "text": (profile["text_words"], filters["min_words"], filters["max_words"]),
        "target": (profile["target_words"], filters["min_target_words"], filters["max_target_words"]),
    }
    drawings = [_drawn(what, lengths, bounds) for what, (lengths, *bounds) in measured.items() if lengths["count"]]
    if not drawings:
        return []
    return [
        tag("h3", "How long they are"),
        tag("div", *drawings, class_="pair"),
        note(
            "The axis is logarithmic, and the area of a bar is the number of records in it. Dark bars hold the middle "
            "half of the records; dashed lines are the bounds of the filter. Percentiles are known by the bin."
        ),
    ]


def _drawn(what: str, lengths: dict[str, Any], bounds: Sequence[int]) -> Html:
    caption = tag(
        "figcaption",
        tag("b", f"Words in the {what}"),
        f" {count(lengths['least'])} to {count(lengths['greatest'])}, mean {lengths['mean']:,.1f}",
    )
    if lengths["least"] == lengths["greatest"]:
        return tag("figure", caption, note("All are of the same length."))
    return tag("figure", caption, draw_lengths(f"lengths-{what}", what, lengths, bounds))


def _languages(languages: dict[str, Any], records: int) -> list[Html]:
    if not languages["counts"]:
        return []
    return [tag("h3", "Languages"), bars([Row(*counted) for counted in languages["counts"]], records)]


def _labels(labels: dict[str, Any], records: int) -> list[Html]:
    different = labels["different"]
    if different is None:
        return [
            note(f"Targets are not counted as labels: more than {count(labels['bounded'])} differ, or one is long.")
        ]
    if not different or records < WORDS_IN_A_LABEL * different:
        return []
    return [
        tag("h3", f"Labels: {plural(different, 'different target')}"),
        bars([Row(*counted) for counted in labels["counts"]], records),
        *_others(len(labels["counts"]), different, labels["others"], "labels"),
    ]


def _sources(sources: dict[str, Any], records: int) -> list[Html]:
    different = sources["different"]
    if different is None:
        return [note(f"The records come from more than {count(sources['bounded'])} files.")]
    if different < 2:
        return []
    return [
        tag("h3", f"Files that kept records come from: {count(different)}"),
        bars([Row(*counted) for counted in sources["counts"]], records),
        *_others(len(sources["counts"]), different, sources["others"], "files"),
    ]


def _others(shown: int, different: int, records: int, what: str) -> list[Html]:
    if different <= shown:
        return []
    return [note(join([f"And {count(different - shown)} other {what}, with {plural(records, 'record')}."]))]
