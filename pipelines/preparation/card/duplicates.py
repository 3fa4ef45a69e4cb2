"""Equal and nearly equal texts: how many there were, how alike, and the largest clusters with what differs in them."""

from typing import Any

from pipelines.preparation.card.drawing import Row, bars
from pipelines.preparation.card.elements import Html, folded, join, note, section, tag
from pipelines.preparation.card.figures import count, place, plural, share, span


def duplicates(manifest: dict[str, Any]) -> Html:
    """Return exact and near-duplicates."""
    clusters = manifest["profile"]["clusters"]
    near, settings = manifest["near_duplicates"], manifest["settings"]["data"]["near_duplicates"]
    if settings["action"] == "off":
        found = note("Near-duplicates were not looked for: the settings turn that off.")
    else:
        found = note(_found(near, settings))
    return section(
        "duplicates",
        "Duplicates",
        note(*_equal(manifest)),
        found,
        *(_measures(clusters, settings["similarity"]) if near["clusters"] else []),
        *([tag("h3", "The largest clusters"), *_largest(clusters["largest"])] if clusters["largest"] else []),
    )


def _equal(manifest: dict[str, Any]) -> list[str]:
    rejected, whole = manifest["rejected"], manifest["input"]
    same, other = rejected.get("duplicate", 0), rejected.get("conflicting_target", 0)
    words = [f"{plural(same + other, 'record')} had the very text of another one ({share(same + other, whole)})."]
    if other:
        words.append(f" Of these, {count(other)} had another target: which one is right, the first or the second?")
    if contaminated := rejected.get("contaminated", 0):
        words.append(f" {plural(contaminated, 'record')} were like one of the test set, and may not be trained on.")
    return words


def _found(near: dict[str, Any], settings: dict[str, Any]) -> str:
    words = f"{settings['shingle_words']} words in a row"
    rule = f"at least {settings['similarity']:.0%} of their shingles ({words}) in common".replace("%", " %")
    if not near["clusters"]:
        return f"No two texts have {rule}."
    fate = "one of each stays" if settings["action"] == "drop" else "all stay, on one side of the split"
    return (
        f"{plural(near['records'], 'record')} in {plural(near['clusters'], 'cluster')} have {rule} with one another; "
        f"{fate}. The largest cluster has {count(near['largest'])} records."
    )


def _measures(clusters: dict[str, Any], similarity: float) -> list[Html]:
    sizes = [Row(f"{span([low, high])} records", number) for low, high, number in clusters["sizes"]]
    alike = [
        Row(
            "100 %" if low == 1 else f"{100 * low:.0f} to {100 * high:.0f} %",
            number,
            "bar" if high > similarity else "bar pale",
        )
        for low, high, number in reversed(clusters["similarities"])
    ]
    return [
        tag(
            "div",
            tag("div", tag("h3", "Clusters by size"), bars(sizes, sum(row.number for row in sizes))),
            tag("div", tag("h3", "Members by similarity"), bars(alike, sum(row.number for row in alike))),
            class_="pair",
        ),
        note(
            "Similarity is a member's own, to the record that stands for its cluster. It is below the bound (pale) "
            "where others lie between the two: each is like the next one."
        ),
    ]


def _largest(largest: list[dict[str, Any]]) -> list[Html]:
    return [_cluster(cluster, opened=place == 0) for place, cluster in enumerate(largest)]


def _cluster(cluster: dict[str, Any], opened: bool) -> Html:
    stands, members = cluster["representative"], cluster["members"]
    summary = join([tag("b", plural(cluster["size"], "record")), " ", tag("span", stands["text"], class_="begin")])
    others = cluster["size"] - 1 - len(members)
    rest = note(f"And {plural(others, 'other')}, at least as much alike.") if others > 0 else Html()
    return folded(
        summary,
        _text("stands for all", stands["text"], stands, "stands"),
        *(
            _text(f"{member['similarity']:.0%} alike".replace("%", " %"), _marked(member), member, "")
            for member in members
        ),
        rest,
        opened=opened,
        class_="fold one-line",
    )


def _text(badge: str, text: str, record: dict[str, Any], kind: str) -> Html:
    where = place(record["source"]) if "source" in record else ""
    return tag(
        "figure",
        tag("figcaption", tag("span", badge, class_=f"badge {kind}".strip()), f" {where}"),
        tag("blockquote", text),
        class_="quoted",
    )


def _marked(member: dict[str, Any]) -> Html:
    """Return a member's excerpt with what differs from the representative marked."""
    text, parts, position = member["text"], list[str](), 0
    for first, last in member["marks"]:
        parts += [text[position:first], tag("mark", text[first:last])]
        position = last
    return join([*parts, text[position:]])
