"""The top of the page: what the data set is, in four figures, and what became of every record."""

from collections import Counter
from typing import Any

from pipelines.preparation.card.drawing import Part, bar, legend
from pipelines.preparation.card.elements import Html, join, note, section, tag
from pipelines.preparation.card.figures import count, name, plural, share

STAGES = {
    "parse": ("parse", "bytes to UTF-8 to a record with both columns"),
    "clean": ("clean", "markup to text, one spelling for each character"),
    "language": ("language", "which language the text is in"),
    "filter": ("filter", "lengths, symbols, repetition"),
    "personal_data": ("personal data", "found by pattern and check digit"),
    "harmful": ("profanity", "words that many published lists agree on"),
    "deduplicate": ("deduplicate", "of equal texts the first stays"),
    "near_duplicates": ("near-duplicates", "of texts that are nearly the same one stays"),
}
HARMFUL = "harmful"
"""What a record is tagged with that is no personal data."""
COPIES = ("duplicate", "conflicting_target", "near_duplicate")
SPLITS = {"train": "good", "validation": "good mid", "test": "good pale"}


def header(manifest: dict[str, Any]) -> Html:
    """Return title, run and the figures to remember."""
    task = manifest["settings"]["task"]
    return tag(
        "header",
        tag("p", "Data card", class_="eyebrow"),
        tag("h1", manifest["dataset"]),
        tag("p", *_origin(manifest), class_="soft"),
        tag("blockquote", task["instruction"]),
        tag("ul", *(_tile(*figure) for figure in _figures(manifest)), class_="tiles"),
    )


def finds(manifest: dict[str, Any]) -> dict[str, int]:
    """Return how much personal data was found in kept records, by type: replaced, or left in place."""
    left = {kind: number for kind, number in manifest["tagged"].items() if kind != HARMFUL}
    return Counter(manifest["redacted"]) + Counter(left)


def fate_of_finds(manifest: dict[str, Any]) -> str:
    """Say what the settings do with a find of personal data in a record that is kept."""
    return "replaced" if manifest["settings"]["data"]["personal_data"] in ("redact", "drop") else "left in place"


def funnel(manifest: dict[str, Any]) -> Html:
    """Return the stages, each with what it kept and what it rejected for which reasons."""
    whole = manifest["input"]
    rows = [_step("records in", "", [Part(whole, f"{count(whole)} records in")], whole, count(whole), "")]
    rows += [_stage(stage, whole) for stage in manifest["stages"]]
    splits = manifest["splits"]
    parts = [
        Part(splits.get(split, 0), f"{split} {count(splits.get(split, 0))}", kind) for split, kind in SPLITS.items()
    ]
    rows.append(_step("splits", _divided(manifest), parts, whole, count(manifest["kept"]), ""))
    in_words = [
        (kind, f"{split} {count(splits.get(split, 0))} ({share(splits.get(split, 0), manifest['kept'])})")
        for split, kind in SPLITS.items()
    ]
    return section(
        "funnel",
        "Every record is accounted for",
        note("What came in is kept, or lies in quarantine with its reason; the counts balance at every stage."),
        tag("ol", *rows, class_="funnel"),
        legend([("bar", "kept"), ("bad", "rejected"), *in_words]),
    )


def _divided(manifest: dict[str, Any]) -> str:
    """Say how the sides were chosen."""
    strata = manifest["stratified"]
    if strata is None:
        return "by a seeded hash of the text"
    each = f"each of {plural(strata['strata'], 'different ' + strata['by'])} has its share"
    return f"by a seeded hash of the text; {each}, to {strata['furthest_off']:g} records"


def _origin(manifest: dict[str, Any]) -> list[str]:
    """Say which run made it, and which one it adds to."""
    made = ["Prepared by run ", tag("code", manifest["run_id"]), f" for {name(manifest['settings']['task']['kind'])}."]
    if manifest["base_run"]:
        carried = plural(manifest["carried_over"], "record")
        made += [" It adds to run ", tag("code", manifest["base_run"]), f", which {carried} come from."]
    return made


def _figures(manifest: dict[str, Any]) -> list[tuple[str, str, str]]:
    whole, kept, profile = manifest["input"], manifest["kept"], manifest["profile"]
    rejected = manifest["rejected"]
    copies = sum(rejected.get(reason, 0) for reason in COPIES)
    found = sum(finds(manifest).values())
    words = profile["text_words"]
    return [
        (count(kept), f"of {plural(whole, 'record')} kept, {share(kept, whole)}{_carried(manifest)}", "good"),
        (count(copies), f"copies rejected, {share(copies, whole)} of what came in", "blue"),
        (count(found), "finds of personal data in what was kept, " + fate_of_finds(manifest), "red"),
        (f"{words['mean']:,.0f}" if kept else "–", "words in a text, on average", "grey"),
    ]


def _carried(manifest: dict[str, Any]) -> str:
    carried = manifest["carried_over"]
    return f"; {count(carried)} of both by run {manifest['base_run']}" if carried else ""


def _tile(figure: str, words: str, kind: str) -> Html:
    return tag("li", tag("b", figure), tag("span", words), class_=f"tile {kind}")


def _stage(stage: dict[str, Any], whole: int) -> Html:
    label, does = STAGES.get(stage["name"], (name(stage["name"]), ""))
    gone = sum(stage["rejected"].values())
    parts = [Part(stage["kept"], f"{count(stage['kept'])} kept"), Part(gone, f"{count(gone)} rejected", "bad")]
    reasons = sorted(((number, reason) for reason, number in stage["rejected"].items() if number), reverse=True)
    why = join(
        tag("span", tag("b", f"−{count(number)}"), f" {name(reason)}", class_="reason") for number, reason in reasons
    )
    return _step(label, does, parts, whole, count(stage["kept"]), why or tag("span", "none rejected"))


def _step(label: str, does: str, parts: list[Part], whole: int, figure: str, why: str) -> Html:
    return tag(
        "li",
        tag("p", tag("b", label), *([tag("small", does)] if does else []), class_="what"),
        tag("p", figure, class_="much"),
        tag("div", bar(parts, whole), class_="how"),
        *([tag("p", why, class_="why")] if why else []),
    )
