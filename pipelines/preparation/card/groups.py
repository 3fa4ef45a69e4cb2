"""The bias report: whom the texts name, how often, where, and what that does not say."""

from typing import Any

from pipelines.preparation.card.drawing import Row, bars
from pipelines.preparation.card.elements import Html, folded, join, note, section, table, tag
from pipelines.preparation.card.figures import count, plural, share, span

ENOUGH = 20
"""Records of a group below which a share is not compared."""


def groups(manifest: dict[str, Any]) -> Html:
    """Return the counts of records that name groups of people, by kind."""
    report = manifest["profile"]["groups"]
    named = [kind for kind in report["kinds"] if kind["records"]]
    silent = [kind["kind"] for kind in report["kinds"] if not kind["records"]]
    return section(
        "groups",
        "Bias: whom the texts name",
        note(
            f"Of {plural(report['records'], 'kept record')} in English or of unknown language, those that hold a term "
            f"which names a group of people, out of a list of {count(report['terms'])}. A share is of those records."
        ),
        *_other_languages(report["other_languages"]),
        *(_kind(kind, report) for kind in named),
        *([note("No record holds a term of the list for ", tag("b", ", ".join(silent)), ".")] if silent else []),
        _honesty(),
    )


def _other_languages(records: int) -> list[Html]:
    if not records:
        return []
    return [note(f"{plural(records, 'record')} of other languages were not looked at: the list is English.")]


def _kind(kind: dict[str, Any], report: dict[str, Any]) -> Html:
    named = sorted((group for group in kind["groups"] if group["records"]), key=lambda group: -group["records"])
    silent = [group["group"] for group in kind["groups"] if not group["records"]]
    untested = [group["group"] for group in named if not group["splits"].get("test")]
    return tag(
        "div",
        tag("h3", kind["kind"], class_="kind"),
        bars([Row(group["group"], group["records"]) for group in named], report["records"]),
        note(
            _compared(kind, report["records"]),
            *_missing("Never named", silent),
            *_missing("In no test record", untested),
        ),
        *_unlike(named),
        folded("By split, length and term", _details(named, report)),
        class_="group-kind",
    )


def _compared(kind: dict[str, Any], records: int) -> str:
    words = f"{plural(kind['records'], 'record')} ({share(kind['records'], records)}) name any."
    if kind["ratio"] is None:
        return words
    (most, more), (least, fewer) = kind["ratio"]["most"], kind["ratio"]["least"]
    return (
        f"{words} Most and least often: {most} {count(more)}, {least} {count(fewer)}, "
        f"that is {kind['ratio']['ratio']:,.1f} to 1."
    )


def _missing(what: str, names: list[str]) -> list[Html | str]:
    return [f" {what}: ", tag("b", ", ".join(names)), "."] if names else []


def _details(named: list[dict[str, Any]], report: dict[str, Any]) -> Html:
    splits = sorted(report["splits"], key=lambda split: -report["splits"][split])
    head = ["group", "records", "in the target", *splits, "words, median", "terms"]
    rows = [
        [
            group["group"],
            count(group["records"]),
            count(group["in_target"]),
            *(count(group["splits"].get(split, 0)) for split in splits),
            span(group["percentiles"]["p50"]),
            _terms(group["terms"]),
        ]
        for group in named
    ]
    everybody = [
        "all records",
        count(report["records"]),
        "",
        *(count(report["splits"][split]) for split in splits),
        span(report["percentiles"]["p50"]),
        "",
    ]
    return table(head, [*rows, everybody], range(1, 4 + len(splits)), "Records that name each group")


def _terms(terms: list[list[Any]]) -> Html:
    return join(
        part
        for term, number in terms
        for part in (tag("span", f"{term} ", tag("i", count(number)), class_="term"), " ")
    )


def _unlike(named: list[dict[str, Any]]) -> list[Html]:
    """Return the labels that a group's records have more or less often than chance explains."""
    found = [
        [
            group["group"],
            label["label"],
            f"{count(label['records'])} of {count(group['records'])}",
            *_shares(group, label),
        ]
        for group in named
        if group["labels"] and group["records"] >= ENOUGH
        for label in group["labels"]
        if not label["interval"][0] <= label["of_all"] <= label["interval"][1]
    ]
    if not found:
        return []
    head = ["group", "label", "records", "share", "95 % interval", "share among all"]
    return [
        table(head, found, range(2, 6), "Labels that the records of a group have more or less often than all"),
        note("Of many pairs, one in twenty lies outside its interval by chance."),
    ]


def _shares(group: dict[str, Any], label: dict[str, Any]) -> list[str]:
    low, high = label["interval"]
    return [
        share(label["records"], group["records"]),
        f"{100 * low:.1f}–{100 * high:.1f} %",
        f"{100 * label['of_all']:.1f} %",
    ]


def _honesty() -> Html:
    return tag(
        "aside",
        tag("b", "What a list of words cannot tell."),
        " Whether a word means a person here: see the terms, since “children” may be those of a folder. In which tone "
        "it is said. Who is meant by a name, a story or “they”. And who is missing: equal counts are no aim in "
        "themselves, and how often a group should be named depends on what the model is for. Groups that no held-out "
        "record names are groups for which no figure of this workflow says how the model does.",
        class_="aside",
    )
