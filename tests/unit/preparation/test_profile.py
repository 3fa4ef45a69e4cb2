"""The profile of a data set: exact, bounded, and the same in whatever order and by whomever it was taken."""

import json
import pickle
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.formats import quarantine_line
from pipelines.preparation.profile import Profile
from pipelines.preparation.profile.bias import wilson
from pipelines.preparation.profile.bounded import MOST_NAMES
from pipelines.preparation.profile.differences import where_it_differs
from pipelines.preparation.profile.excerpts import begin_of
from pipelines.preparation.profile.histogram import EDGES, Histogram
from pipelines.preparation.records import Line

Note = Callable[[Profile], None]

WORDS = ["she", "he", "the", "report", "native", "american", "black", "man", "élan", "in", "2024", "children"]
KEYS = st.sampled_from(["d/a.jsonl", "d/b.jsonl", "d/c.jsonl"])
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@st.composite
def notes(draw: st.DrawFn) -> list[Note]:
    """What tasks may note of records, each of which comes from a line of its own."""
    made: list[Note] = []
    for line in range(draw(st.integers(0, 25))):
        key, text = draw(KEYS), draw(TEXTS)
        kind = draw(st.sampled_from(["keep", "reject", "represent", "member"]))
        if kind == "keep":
            target, split = draw(TEXTS), draw(st.sampled_from(["train", "test"]))
            made.append(_keep(text, target, split, key, draw(st.sampled_from([None, "en", "de"]))))
        elif kind == "reject":
            made.append(_reject(draw(st.sampled_from(["empty", "too_short", "duplicate"])), text, key, line))
        elif kind == "represent":
            made.append(_represent(line, text, key))
        else:
            made.append(_member(draw(st.integers(0, 25)), text, key, line, draw(st.integers(0, 100)) / 100))
    return made


def _keep(text: str, target: str, split: str, key: str, language: str | None = None) -> Note:
    return lambda profile: profile.keep(text, target, split, key, language)


def _reject(reason: str, text: str, key: str, line: int) -> Note:
    quarantined = rejected_line(reason, json.dumps({"text": text}).encode(), key, line)
    return lambda profile: profile.reject(reason, quarantined, key, line)


def _represent(cluster: int, text: str, key: str) -> Note:
    return lambda profile: profile.represent(f"{cluster:016x}", 2 + cluster % 7, text, key, cluster)


def _member(cluster: int, text: str, key: str, line: int, similarity: float) -> Note:
    return lambda profile: profile.member(f"{cluster:016x}", 2 + cluster % 7, text, key, line, similarity)


def rejected_line(reason: str, raw: bytes, key: str = "d/a.jsonl", line: int = 1, detail: str = "a detail") -> str:
    return quarantine_line(reason, detail, Line(key, line, raw, len(raw)))


def profile_of(made: Sequence[Note]) -> Profile:
    profile = Profile()
    for note in made:
        note(profile)
    return profile


def written(profile: Profile) -> str:
    return json.dumps(profile.to_json(), ensure_ascii=False)


@given(notes(), st.integers(1, 5), st.randoms(use_true_random=False))
def test_whoever_notes_what_in_whatever_order_the_profile_is_the_same(
    made: list[Note], tasks: int, draw: random.Random
) -> None:
    shuffled = draw.sample(made, len(made))
    shares = [profile_of(shuffled[task::tasks]) for task in range(tasks)]
    draw.shuffle(shares)

    total = Profile()
    for share in shares:
        total.add(pickle.loads(pickle.dumps(share)))

    assert written(total) == written(profile_of(made))


@given(st.lists(st.integers(0, 3_000_000), min_size=1))
def test_every_length_is_in_the_bin_that_holds_it(lengths: list[int]) -> None:
    histogram = Histogram()
    for length in lengths:
        histogram.take(length)
    report = histogram.to_json()

    assert sum(number for _, _, number in report["bins"]) == report["count"] == len(lengths)
    for low, high, number in report["bins"]:
        assert number == sum(low <= length and (high is None or length <= high) for length in lengths)
    low, high = report["percentiles"]["p50"]
    median = sorted(lengths)[(len(lengths) - 1) // 2]
    assert low <= median
    assert high is None or median <= high


def test_bins_follow_one_another_without_gap_from_nothing_on() -> None:
    assert EDGES[0] == 0
    assert list(EDGES) == sorted(set(EDGES))


def test_a_histogram_says_mean_extremes_and_percentiles_by_bin() -> None:
    histogram = Histogram()
    for length in (3, 3, 3, 45, 900):
        histogram.take(length)

    assert histogram.to_json() == {
        "count": 5,
        "mean": 190.8,
        "least": 3,
        "greatest": 900,
        "percentiles": {"p5": [3, 3], "p25": [3, 3], "p50": [3, 3], "p75": [40, 49], "p95": [800, 999]},
        "bins": [[3, 3, 3], [40, 49, 1], [800, 999, 1]],
    }


def test_few_short_targets_are_counted_as_labels() -> None:
    profile = profile_of([_keep("a text", label, "train", "k") for label in ("yes", "no", "yes")])

    labels = profile.to_json()["labels"]
    assert labels["different"] == 2
    assert labels["counts"] == [["yes", 2], ["no", 1]]


@pytest.mark.parametrize(
    "targets", [[f"target {number}" for number in range(MOST_NAMES + 1)], ["yes", "a long answer " * 10]]
)
def test_many_or_long_targets_are_no_labels_however_they_are_divided(targets: list[str]) -> None:
    whole = profile_of([_keep("a text", target, "train", "k") for target in targets])
    halves = [profile_of([_keep("a text", target, "train", "k") for target in targets[part::2]]) for part in (0, 1)]
    halves[0].add(halves[1])

    assert whole.to_json()["labels"]["different"] is None
    assert halves[0].to_json()["labels"] == whole.to_json()["labels"]


def test_a_text_without_a_target_has_no_label_and_no_length_of_one() -> None:
    profile = profile_of([_keep("she reads", "", "train", "k")]).to_json()

    assert profile["target_words"]["count"] == 0
    assert profile["labels"]["different"] == 0
    assert group(profile["groups"], "gender", "women")["labels"] is None


def test_groups_by_label_are_forgotten_once_there_are_too_many_labels() -> None:
    profile = profile_of([_keep("she", f"label {number}", "train", "k") for number in range(MOST_NAMES + 1)])

    assert len(pickle.dumps(profile)) < 10_000


def test_a_label_with_personal_data_is_shown_without_it() -> None:
    profile = profile_of([_keep("a text", "jane@example.com", "train", "k")])

    assert "jane" not in written(profile)


def test_at_most_three_examples_of_a_reason_are_kept_and_they_do_not_depend_on_order() -> None:
    made = [_reject("empty", f"text {line}", "d/a.jsonl", line) for line in range(50)]

    examples = profile_of(made).to_json()["rejected"]["empty"]
    assert len(examples) == 3
    assert profile_of(made[::-1]).to_json()["rejected"]["empty"] == examples


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text": "write to jane.doe@example.com"}',
        b'{"text": "write to jane.doe\\u0040example.com"}',
        b'{"text": "write to jane.doe&#64;example.com"}',
        b'{"text": "write to <b>jane.doe</b>@example.com"}',
        b'{"text": ["deep", {"in": "jane.doe@example.com"}]}',
        b'{"text": "a line\\njane.doe@example.com',
        b'{"text": "no UTF-8 \xff jane.doe@example.com"}',
        b'{"text": "no UTF-8 \xff jane.doe\\u0040example.com"}',
        "{'text': 'jane．doe＠example．com'}".encode(),
    ],
)
def test_an_address_in_a_rejected_line_is_replaced_however_it_is_spelled(raw: bytes) -> None:
    profile = Profile()
    profile.reject("not_json", rejected_line("not_json", raw), "d/a.jsonl", 1)

    text = profile.to_json()["rejected"]["not_json"][0]["text"]
    assert "[EMAIL]" in text
    assert "doe" not in text


def test_a_line_that_was_cut_within_an_address_does_not_show_its_half() -> None:
    raw = b"<p>" * 20_000 + b"jane.doe@exam"
    line = quarantine_line("oversized", "long", Line("k", 1, raw, len(raw) + 100))
    profile = Profile()
    profile.reject("oversized", line, "k", 1)

    assert "jane" not in written(profile)


def test_what_was_rejected_for_personal_data_is_not_quoted() -> None:
    profile = Profile()
    profile.reject("personal_data", rejected_line("personal_data", b'{"text": "Jane Doe"}', detail="1 name"), "k", 1)

    example = profile.to_json()["rejected"]["personal_data"][0]
    assert "text" not in example
    assert example["detail"] == "1 name"


def test_a_detail_is_shown_without_personal_data() -> None:
    profile = Profile()
    profile.reject("wrong_type", rejected_line("wrong_type", b"{}", detail="column jane@example.com"), "k", 1)

    assert "jane@" not in written(profile)


@given(st.text(), st.integers(1, 50))
def test_an_excerpt_is_as_long_as_it_may_be_and_can_be_written(text: str, characters: int) -> None:
    excerpt = begin_of(text, characters)

    assert len(excerpt) <= characters + 1
    excerpt.encode()


def test_the_largest_clusters_are_shown_with_the_members_least_like_their_representative() -> None:
    profile = Profile()
    for cluster in range(30):
        name, size, text = f"{cluster:016x}", 2 + cluster, f"the text of cluster {cluster}"
        profile.represent(name, size, text, "k", 1000 * cluster)
        for member in range(1, size):
            profile.member(name, size, f"{text} and {member}", "k", 1000 * cluster + member, 0.99 - member / 100)
    clusters = profile.to_json()["clusters"]

    assert [cluster["size"] for cluster in clusters["largest"]] == [31, 30, 29, 28, 27, 26, 25, 24]
    first = clusters["largest"][0]
    assert first["representative"] == {"text": "the text of cluster 29", "source": {"key": "k", "line": 29_000}}
    assert [member["source"]["line"] for member in first["members"]] == [29_030, 29_029, 29_028]
    member = first["members"][0]
    assert [member["text"][begin:end] for begin, end in member["marks"]] == ["and 30"]
    assert clusters["sizes"] == [[2, 2, 1], [3, 3, 1], [4, 4, 1], [5, 9, 5], [10, 19, 10], [20, 49, 12]]


def test_an_excerpt_of_a_near_duplicate_shows_its_first_difference() -> None:
    same = "These words are in both of the texts. " * 20

    excerpt, marks = where_it_differs(f"{same}Only here. {same}", f"{same}Not here. {same}", 100)

    assert [excerpt[begin:end] for begin, end in marks] == ["Only"]
    assert excerpt.startswith("…")
    assert excerpt.endswith("…")


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.lists(st.sampled_from("abcd"), max_size=60))
def test_marks_are_places_of_the_excerpt_in_order(words: list[str], others: list[str]) -> None:
    excerpt, marks = where_it_differs(" ".join(words), " ".join(others), 20)

    ends = [place for mark in marks for place in mark]
    assert ends == sorted(ends)
    assert not ends or ends[-1] <= len(excerpt)


def test_records_of_other_languages_are_not_searched_for_english_terms() -> None:
    profile = profile_of([_keep("er sah die Mutter her", "x", "train", "k", "de"), _keep("her book", "x", "test", "k")])

    groups = profile.to_json()["groups"]
    assert (groups["records"], groups["other_languages"]) == (1, 1)
    assert group(groups, "gender", "women")["records"] == 1


def test_groups_are_counted_by_record_split_target_and_term() -> None:
    made = [_keep("She and she and her book", "a summary", "train", "k")]
    made += [_keep("The report", "He wrote it", "test", "k"), _keep("The report of his", "x", "train", "k")]
    groups = profile_of(made).to_json()["groups"]

    women, men = group(groups, "gender", "women"), group(groups, "gender", "men")
    assert (women["records"], women["in_target"], women["splits"]) == (1, 0, {"train": 1})
    assert women["terms"] == [["her", 1], ["she", 1]]
    assert (men["records"], men["in_target"], men["splits"]) == (2, 1, {"test": 1, "train": 1})
    assert next(kind for kind in groups["kinds"] if kind["kind"] == "gender")["ratio"] == {
        "most": ["men", 2],
        "least": ["women", 1],
        "ratio": 2.0,
    }


def test_a_group_s_labels_are_set_beside_those_of_all_records() -> None:
    made = [_keep(f"she came {number}", "no" if number < 30 else "yes", "train", "k") for number in range(40)]
    made += [_keep(f"it rained {number}", "yes", "train", "k") for number in range(60)]
    groups = profile_of(made).to_json()["groups"]

    no, yes = group(groups, "gender", "women")["labels"]
    assert (no["label"], no["records"], no["of_all"]) == ("no", 30, 0.3)
    assert no["interval"][0] > 0.3
    assert (yes["records"], yes["of_all"]) == (10, 0.7)


def test_wilson_s_interval_is_the_published_one() -> None:
    assert wilson(15, 148) == pytest.approx([0.0624, 0.1605], abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20) == pytest.approx([0.0, 0.1611], abs=1e-4)


def test_the_profile_of_many_records_stays_small() -> None:
    profile, wide = Profile(), "漢字𠀀 " * 120
    for number in range(500):
        profile.keep(f"{wide}{number}", f"label {number}", "train", f"folder/{'file' * 20}-{number}.jsonl")
        reason = f"reason_{number % 25}"
        profile.reject(reason, rejected_line(reason, wide.encode(), detail=wide), f"{'file' * 20}.jsonl", number)
        profile.represent(f"{number:016x}", 3, wide, "file", number)
        profile.member(f"{number % 40:016x}", 3, f"{number} {wide}", "file", number, 0.8)

    assert len(written(profile).encode()) < 200_000
    assert len(pickle.dumps(profile)) < 400_000


def group(report: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    groups = next(found["groups"] for found in report["kinds"] if found["kind"] == kind)
    found: dict[str, Any] = next(found for found in groups if found["group"] == name)
    return found
