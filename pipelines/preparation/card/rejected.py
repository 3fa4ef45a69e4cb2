"""What was rejected and why, with a few records of each reason; and the personal data that was found."""

from typing import Any

from pipelines.preparation.card.drawing import Part, Row, bar, bars
from pipelines.preparation.card.elements import Html, folded, note, section, tag
from pipelines.preparation.card.figures import count, name, place, plural, share, size
from pipelines.preparation.card.overview import fate_of_finds, finds

MAY_OFFEND = ("harmful", "toxic")


def rejected(manifest: dict[str, Any]) -> Html:
    """Return every reason with its count and examples."""
    counts = {reason: number for reason, number in manifest["rejected"].items() if number}
    examples = manifest["profile"]["rejected"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    whole, total = manifest["input"], sum(counts.values())
    if not counts:
        return section("rejected", "Rejected records", note("No record was rejected."))
    return section(
        "rejected",
        "Rejected records",
        note(
            f"{plural(total, 'record')} ({share(total, whole)}) lie in quarantine, one folder for each reason. Of each "
            "reason the examples are drawn by a hash of file and line. They are cut, their markup is taken out, and "
            "personal data is replaced where a pattern finds it."
        ),
        *(_reason(reason, number, (ordered[0][1], whole), examples.get(reason, [])) for reason, number in ordered),
    )


def personal_data(manifest: dict[str, Any]) -> Html:
    """Return the finds of personal data by type."""
    found = sorted(finds(manifest).items(), key=lambda item: (-item[1], item[0]))
    dropped = manifest["rejected"].get("personal_data", 0)
    policy = manifest["settings"]["data"]["personal_data"]
    parts: list[Html] = []
    if found:
        rows = [Row(name(kind), number, "bad") for kind, number in found]
        total = sum(number for _, number in found)
        parts.append(note(f"{plural(total, 'find')} in kept records, {fate_of_finds(manifest)}."))
        parts.append(bars(rows, total))
    if dropped:
        parts.append(note(f"{plural(dropped, 'record')} rejected because of personal data."))
    if not parts:
        parts.append(note("Nobody looked: the settings turn that off." if policy == "off" else "Nothing was found."))
    return section(
        "personal-data",
        "Personal data",
        *parts,
        note(
            f"The setting is “{policy}”. Finds are what has the form, and where there is one the check digit, of an "
            "address, account, key or number. Patterns do not know names, nor who can be told from a story: that "
            "nothing was found does not say that there is nothing."
        ),
    )


def _reason(reason: str, number: int, most_and_all: tuple[int, int], examples: list[dict[str, Any]]) -> Html:
    most, whole = most_and_all
    summary = tag(
        "span",
        tag("b", name(reason), class_="what"),
        bar([Part(number, f"{name(reason)}: {count(number)}", "bad")], most, 12),
        tag("span", tag("b", count(number)), f" {share(number, whole)}", class_="much"),
        class_="row",
    )
    warning = [note("These texts may offend.")] if reason.startswith(MAY_OFFEND) else []
    return folded(summary, *warning, *map(_example, examples))


def _example(example: dict[str, Any]) -> Html:
    caption = tag("figcaption", tag("b", example["detail"]), f" {place(example['source'])}, {size(example['bytes'])}")
    if "text" not in example:
        quoted = tag("p", "Not quoted: it was rejected for what it holds.", class_="soft")
    elif not example["text"]:
        quoted = tag("p", "There is nothing in it to quote.", class_="soft")
    else:
        quoted = tag("blockquote", example["text"])
    return tag("figure", caption, quoted, class_="quoted")
