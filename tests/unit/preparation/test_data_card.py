"""The data card: everything that the manifest knows, no text that becomes markup, and no request to anywhere."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.card import render_card
from pipelines.preparation.card.figures import share, span
from pipelines.preparation.manifest import build_manifest, source_of_run
from pipelines.preparation.parts import Written
from pipelines.preparation.profile import Profile
from pipelines.preparation.settings import Columns

HOSTILE = (
    """</style></title><script src="https://example.com/x.js">alert(1)</script>'"><img src=x onerror=alert(1)>&lt;b&"""
)
VOID = {"meta"}


class Page(HTMLParser):
    """What a browser would make of a page: its tags in order, attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def raw(text: str, target: str) -> bytes:
    return json.dumps({"documentation": text, "summary": target}).encode()


TAIL = "and what follows here is word for word the same in both of these records, so that they are near."
FILES = {
    "d/a.jsonl": b"\n".join(
        [
            *(raw(f"<p>She reads report {n} about {n * n} women in Kenya.</p>", "yes indeed") for n in range(30)),
            *(raw(f"Item {n} is for {n * 7} older people, or for user{n}@example.com.", "not yet") for n in range(20)),
            raw(f"First comes this {TAIL}", "yes it is"),
            raw(f"Then comes that {TAIL}", "yes it is"),
            b"{broken",
            b'{"documentation": "a <b>text</b> without its summary"}',
        ]
    ),
    "d/b.jsonl": raw("Item 3 is for 21 older people, or for user3@example.com.", "not yet")
    + b"\n"
    + raw("This is the only record of the second file that stays.", "yes it is"),
}


@pytest.fixture(scope="module")
def manifest(prepare: Callable[..., Any], module_settings: dict[str, Any]) -> dict[str, Any]:
    """A real run's manifest, with the profile of what it wrote."""
    written, destination = prepare(FILES)
    objects = destination.curated.objects("")
    source = source_of_run(objects, ["d/notes.txt"], module_settings, Columns("documentation", "summary"))
    document = build_manifest("r-1", "letters", written, source)
    document["profile"] = profile_of(written, destination).to_json()
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def profile_of(written: Written, destination: Any) -> Profile:
    profile = Profile()
    for part in written.curated_files:
        split = part.key.split("/")[2]
        for line in destination.curated.read(part.key).decode().splitlines():
            record = json.loads(line)
            text, target = (message["content"] for message in record["messages"])
            text = text.partition("\n\n")[2]
            profile.keep(text, target, split, record["source"]["key"], "en" if "Item" in text else None)
            if "cluster" in record:
                profile.represent(record["cluster"], 2, text, **where(record))
    for part in written.quarantine_files:
        for line in destination.quarantine.read(part.key).decode().splitlines():
            record = json.loads(line)
            profile.reject(record["reason"], line, **where(record))
            if record["reason"] == "near_duplicate":
                text = json.loads(record["raw"])["documentation"]
                profile.member(record["duplicate_of"], 2, text, **where(record), similarity=0.8)
    return profile


def where(record: dict[str, Any]) -> dict[str, Any]:
    return {"source_key": record["source"]["key"], "source_line": record["source"]["line"]}


def with_texts(value: Any, text: str, name: str = "") -> Any:
    """Return a document with its texts replaced, but for the words that decide what is drawn."""
    if isinstance(value, dict):
        return {key: with_texts(item, text, key) for key, item in value.items()}
    if isinstance(value, list):
        return [with_texts(item, text, name) for item in value]
    return text if isinstance(value, str) and name != "action" else value


def test_the_page_shows_the_funnel_with_every_reason_and_count(manifest: dict[str, Any]) -> None:
    text = Page(render_card(manifest)).text

    assert "letters" in text
    assert manifest["input"] == 56
    assert "56" in text
    for stage in manifest["stages"]:
        for reason, number in stage["rejected"].items():
            assert f"−{number} {reason.replace('_', ' ')}" in text
    for split, number in manifest["splits"].items():
        assert f"{split} {number} (" in text


def test_the_page_shows_what_the_profile_knows(manifest: dict[str, Any]) -> None:
    text = Page(render_card(manifest)).text

    for words in (
        "Words in the text",
        "Labels: 3 different targets",
        "Languages",
        "Files that kept records come from",
        "have at least 70 % of their shingles (5 words in a row) in common",
        "80 % alike",
        "Expecting property name enclosed in double quotes at character 1",
        "line 53 of d/a.jsonl",
        "finds in kept records, replaced",
        "women",
        "older people",
        "Never named: children and young people, middle-aged people",
        "d/notes.txt",
        manifest["settings_sha256"],
        manifest["files"][0]["sha256"],
        "Licence",
    ):
        assert words in text


def test_what_differs_in_a_near_duplicate_is_marked(manifest: dict[str, Any]) -> None:
    marked = re.findall(r"<mark>(.*?)</mark>", render_card(manifest))

    assert " ".join(marked) in ("First comes this", "First this", "Then comes that", "Then that")


def test_labels_that_a_group_has_more_often_than_all_are_shown_with_their_interval(manifest: dict[str, Any]) -> None:
    text = Page(render_card(manifest)).text

    assert "Labels that the records of a group have more or less often than all" in text
    assert "women yes indeed 30 of 30 100 % 88.6–100.0 %" in re.sub(
        r"(?<=[a-z%\d])(?=(yes|30 of|100 %|88|women))", " ", text
    )


def test_no_text_of_the_manifest_becomes_markup(manifest: dict[str, Any]) -> None:
    harmless, hostile = Page(render_card(with_texts(manifest, "x"))), Page(render_card(with_texts(manifest, HOSTILE)))

    assert hostile.tags == harmless.tags
    assert Counter(name for _, name, _ in hostile.attributes) == Counter(name for _, name, _ in harmless.attributes)
    assert " ".join(HOSTILE.split()) in hostile.text


def test_no_name_of_a_reason_split_label_or_setting_becomes_markup(manifest: dict[str, Any]) -> None:
    document = json.loads(json.dumps(manifest))
    document["rejected"] = {HOSTILE: 3}
    document["redacted"] = {HOSTILE: 3}
    document["stages"][0] |= {"name": HOSTILE, "rejected": {HOSTILE: 3}}
    document["profile"]["rejected"] = {HOSTILE: [{"source": {"key": HOSTILE, "line": 1}, "detail": "", "bytes": 1}]}
    document["profile"]["groups"]["splits"] = {HOSTILE: 1}
    document["settings"][HOSTILE] = HOSTILE

    page = Page(render_card(document))
    assert not {"script", "img"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


@hypothesis_settings(max_examples=20)
@given(st.text(min_size=1))
def test_whatever_the_texts_are_the_page_is_well_formed(manifest: dict[str, Any], text: str) -> None:
    page = render_card(with_texts(manifest, text))

    page.encode()
    ElementTree.fromstring(page.removeprefix("<!doctype html>\n"))
    assert Page(page).tags == Page(render_card(with_texts(manifest, "x"))).tags


def test_the_page_asks_nobody_for_anything(manifest: dict[str, Any]) -> None:
    page = render_card(manifest)
    parsed = Page(page)

    links = [value for _, name, value in parsed.attributes if name in ("href", "src", "action", "style")]
    assert all(value is not None and value.startswith("#") for value in links)
    ids = [value for _, name, value in parsed.attributes if name == "id"]
    assert {f"#{name}" for name in ids} >= set(links)
    assert len(ids) == len(set(ids))
    assert "script" not in parsed.tags
    assert "url(" not in page
    assert "@import" not in page


def test_the_policy_admits_the_page_s_own_style_and_nothing_else(manifest: dict[str, Any]) -> None:
    page = render_card(manifest)
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policy = next(
        value for tag, name, value in Page(page).attributes if tag == "meta" and value and "default-src" in value
    )
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_drawing_says_what_it_shows(manifest: dict[str, Any]) -> None:
    tree = ElementTree.fromstring(render_card(manifest).removeprefix("<!doctype html>\n"))
    drawings = [drawing for drawing in tree.iter("svg") if drawing.get("aria-hidden") != "true"]
    ids = {element.get("id"): "".join(element.itertext()) for element in tree.iter() if element.get("id")}

    assert drawings
    for drawing in drawings:
        assert drawing.get("role") == "img"
        title = drawing.find("title")
        assert title is not None
        assert title.text
        for name in (drawing.get("aria-labelledby") or "").split():
            assert ids[name]


def test_the_same_manifest_gives_the_same_page(manifest: dict[str, Any]) -> None:
    again = json.loads(json.dumps(manifest, sort_keys=True))

    assert render_card(again) == render_card(manifest)


def test_a_data_set_of_which_nothing_was_kept_has_a_card(manifest: dict[str, Any]) -> None:
    document = {
        **manifest,
        "kept": 0,
        "splits": {"train": 0, "validation": 0, "test": 0},
        "redacted": {},
        "files": [],
        "near_duplicates": {"clusters": 0, "records": 0, "largest": 0},
        "profile": Profile().to_json(),
    }

    text = Page(render_card(document)).text
    assert "of 56 records kept, 0 %" in text
    assert "No two texts have at least 70 %" in text


def test_a_stage_that_this_page_does_not_know_is_shown_by_its_name(manifest: dict[str, Any]) -> None:
    stage = {"name": "spelling_check", "input": 50, "kept": 49, "rejected": {"misspelled": 1}}

    text = Page(render_card({**manifest, "stages": [*manifest["stages"], stage]})).text
    assert "spelling check" in text
    assert "−1 misspelled" in text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"text": "", "target": "", "messages": "turns", "inferred": False},
            "a conversation, out of the column turns.",
        ),
        ({"text": "body", "target": "", "messages": "", "inferred": True}, "were inferred from the files"),
    ],
)
def test_the_page_says_what_a_record_is_made_of(manifest: dict[str, Any], columns: dict[str, Any], words: str) -> None:
    assert words in Page(render_card({**manifest, "columns": columns})).text


def test_a_split_by_strata_says_how_near_it_came(manifest: dict[str, Any]) -> None:
    strata = {"by": "target", "strata": 3, "furthest_off": 0.6}
    text = Page(render_card({**manifest, "stratified": strata})).text
    assert "each of 3 different targets has its share, to 0.6 records" in text


def test_personal_data_that_is_left_in_place_was_found(manifest: dict[str, Any]) -> None:
    document = json.loads(json.dumps(manifest))
    document |= {"redacted": {}, "tagged": {"email": 3, "harmful": 1}}
    document["settings"]["data"]["personal_data"] = "tag"

    text = Page(render_card(document)).text
    assert "3 finds in kept records, left in place." in text
    assert "Nothing was found" not in text


def test_a_run_that_adds_to_another_one_names_it(manifest: dict[str, Any]) -> None:
    text = Page(render_card({**manifest, "base_run": "r-0", "carried_over": 12})).text

    assert "It adds to run r-0, which 12 records come from." in text


def test_records_whose_targets_differ_and_such_that_are_like_the_test_set_are_named(manifest: dict[str, Any]) -> None:
    rejected = {"duplicate": 3, "conflicting_target": 2, "contaminated": 4}

    text = Page(render_card({**manifest, "rejected": rejected})).text
    assert "5 records had the very text of another one" in text
    assert "2 had another target" in text
    assert "4 records were like one of the test set" in text


@pytest.mark.parametrize(("policy", "words"), [("redact", "replaced"), ("tag", "left in place")])
def test_what_became_of_personal_data_is_said_as_the_settings_have_it(
    manifest: dict[str, Any], policy: str, words: str
) -> None:
    document = json.loads(json.dumps(manifest))
    document["settings"]["data"]["personal_data"] = policy

    assert f"in what was kept, {words}" in Page(render_card(document)).text


def test_search_for_near_duplicates_that_is_off_is_said_to_be_off(manifest: dict[str, Any]) -> None:
    document = json.loads(json.dumps(manifest))
    document["settings"]["data"]["near_duplicates"]["action"] = "off"

    assert "Near-duplicates were not looked for" in Page(render_card(document)).text


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 3, "33.3 %"),
        (1, 90_000, "< 0.1 %"),
        (89_999, 90_000, "> 99.9 %"),
        (0, 0, "–"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


def test_a_bin_is_written_as_the_lengths_that_it_holds() -> None:
    assert [span([5, 5]), span([40, 49]), span([1_000_000, None]), span(None)] == [
        "5",
        "40–49",
        "1,000,000 or more",
        "–",
    ]
