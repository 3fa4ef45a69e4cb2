"""The drawings stay within their frame, escape their labels, and show what the figures say."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.report.conftest import by_label, step
from twin.report.charts import draw_candidates, draw_confusion, draw_funnel, draw_loss, draw_moved, draw_timeline
from twin.report.charts.candidates import milliseconds
from twin.report.charts.funnel import wrapped
from twin.report.charts.loss import moving_average
from twin.report.charts.svg import WIDTH, text, ticks
from twin.report.wording import dollars, duration


def widths(svg: str, kind: str) -> list[float]:
    return [float(width) for width in re.findall(rf'<rect class="{kind}"[^>]* width="([\d.]+)"', svg)]


def test_labels_are_escaped() -> None:
    assert "<b>" not in text(0, 0, "<b>")


def test_the_funnel_s_bars_are_as_long_as_the_counts(whole: dict[str, Any]) -> None:
    svg = draw_funnel(whole["data"])
    all_in, parsed, kept = widths(svg, "bar")

    assert [parsed / all_in, kept / all_in] == pytest.approx([0.9, 0.8])
    assert sum(widths(svg, "good(?: mid| pale)?")) == pytest.approx(kept)


def test_the_funnel_of_no_records_can_be_drawn(whole: dict[str, Any]) -> None:
    stages = [{"name": "parse", "input": 0, "kept": 0, "rejected": {}}]

    assert "records in" in draw_funnel(whole["data"] | {"input": 0, "kept": 0, "stages": stages, "splits": {}})


def test_a_list_of_reasons_breaks_at_a_comma() -> None:
    assert wrapped("one 1, two 2", 20) == ["one 1, two 2"]
    assert wrapped("one 1, two 2", 9) == ["one 1,", "two 2"]
    assert wrapped("one 1, two 2, three 3", 8) == ["one 1,", "two 2,", "three 3"]


@given(st.lists(st.text("ab ", min_size=1, max_size=9), min_size=1), st.integers(10, 60))
def test_no_reason_is_cut_and_no_line_is_too_long(items: list[str], fits: int) -> None:
    lines = wrapped(", ".join(items), fits)
    assert " ".join(lines) == ", ".join(items)
    assert all(len(line) <= fits for line in lines)


def test_however_many_reasons_a_stage_has_each_is_named_and_what_follows_stands_below(whole: dict[str, Any]) -> None:
    rejected = {f"reason_number_{number}": 1 for number in range(15)}
    stages = [{"name": "filter", "input": 20, "kept": 5, "rejected": rejected}]
    svg = draw_funnel(whole["data"] | {"input": 20, "kept": 5, "stages": stages})

    assert all(f"reason number {number} 1" in svg for number in range(15))
    assert "…" not in svg
    places = [float(y) for y in re.findall(r' y="([\d.]+)" text-anchor="start">[^<]*reason', svg)]
    (below,) = re.findall(r' y="([\d.]+)" text-anchor="end">splits', svg)
    assert places == sorted(set(places))
    assert float(below) > places[-1] + 13


def test_the_floor_and_every_candidate_s_figures_are_drawn(whole: dict[str, Any]) -> None:
    svg = draw_candidates(whole["selection"], None)

    for words in ("floor 0.3", "0.200", "0.250", "12 ms", "$0.0100"):
        assert words in svg
    assert "chosen" not in svg
    assert "tuned" not in svg


def test_the_candidate_that_was_chosen_is_marked(whole: dict[str, Any]) -> None:
    selection = whole["selection"]

    svg = draw_candidates(selection | {"chosen": selection["candidates"][1]}, None)

    assert "few-shot, chosen" in svg
    assert "zero-shot, chosen" not in svg


def test_training_and_held_out_loss_are_both_drawn_from_before_the_first_step(whole: dict[str, Any]) -> None:
    svg = draw_loss(whole["tuning"])

    assert svg is not None
    assert svg.count("<polyline") == 3
    assert "4.00 before" in svg
    assert "held-out 2.80" in svg


def test_a_single_step_is_no_curve(whole: dict[str, Any]) -> None:
    assert draw_loss(whole["tuning"] | {"curve": [{"step": 1, "loss": 2.0, "validation_loss": 2.0}]}) is None


def test_a_loss_that_never_moved_can_be_drawn(whole: dict[str, Any]) -> None:
    curve = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 2.0, "validation_loss": 2.0}]

    assert draw_loss(whole["tuning"] | {"loss_before": 2.0, "curve": curve}) is not None


def test_an_average_never_looks_ahead() -> None:
    assert moving_average([(1, 4.0), (2, 2.0), (3, 6.0)], 2) == [(1, 4.0), (2, 3.0), (3, 4.0)]


def test_what_moved_fills_the_bar_and_what_did_not_happen_is_not_drawn() -> None:
    svg = draw_moved({"better": 3, "same": 0, "worse": 1})

    assert widths(svg, "good") == [pytest.approx(WIDTH * 0.75 - 2)]
    assert widths(svg, "grey") == []


def confusion(count: int, others: int = 0) -> dict[str, Any]:
    size = count + (others > 0)
    labels = [f"a rather long label {number}" for number in range(count)]
    found: dict[str, Any] = by_label(labels, [[1] * (size + 1) for _ in range(size)], others)["confusion"]
    return found


def test_every_count_of_a_confusion_matrix_is_written_and_right_answers_are_framed() -> None:
    svg = draw_confusion([("base", by_label(["<b>", "c"], [[31, 42, 53], [64, 75, 86]])["confusion"])])

    written = re.findall(r'<text class="(?:number|label)"[^>]*>(\d+)<', svg)
    assert written == ["31", "42", "53", "64", "75", "86"]
    assert re.findall(r'<rect class="cell framed".*?<text class="number"[^>]*>(\d+)<', svg) == ["31", "75"]
    assert "<b>" not in svg
    assert "Framed: right answers." in svg


def test_labels_that_share_a_row_have_no_right_answers_of_their_own() -> None:
    assert draw_confusion([("base", confusion(3, others=9))]).count("cell framed") == 3


@pytest.mark.parametrize(("count", "beside"), [(3, True), (12, False)])
def test_two_matrices_stand_side_by_side_where_they_fit_and_never_leave_the_frame(count: int, beside: bool) -> None:
    svg = draw_confusion([("base", confusion(count)), ("tuned", confusion(count))])

    (height,) = re.findall(rf'viewBox="0 0 {WIDTH} ([\d.]+)"', svg)
    cells = [tuple(map(float, found)) for found in re.findall(r'class="cell[^"]*" x="([\d.]+)" y="([\d.]+)"', svg)]
    assert len(set(cells)) == 2 * count * (count + 1)
    assert max(x for x, _ in cells) < WIDTH - 52
    assert max(y for _, y in cells) < float(height) - 30
    names = dict(re.findall(r'y="([\d.]+)" text-anchor="start">(base|tuned)<', svg))
    assert (len(names) == 1) is beside


def test_each_step_begins_where_the_one_before_it_ended(whole: dict[str, Any]) -> None:
    svg = draw_timeline(whole["steps"])
    places = [(float(x), float(w)) for x, w in re.findall(r'<rect class="bar" x="([\d.]+)"[^>]* width="([\d.]+)"', svg)]

    assert len(places) == 4
    for (x, width), (following, _) in itertools.pairwise(places):
        assert following == pytest.approx(x + width, abs=0.2)


def test_the_time_that_a_person_took_is_told_apart(whole: dict[str, Any]) -> None:
    waited, deployed = step("AwaitApproval", "SUCCEEDED", 140.0), step("Deploy", "SUCCEEDED", 2.0)

    svg = draw_timeline([waited, deployed])

    assert len(widths(svg, "grey")) == len(widths(svg, "bar")) == 1


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 4, [0, 1, 2, 3, 4]), (1.86, 4.7, [2, 3, 4]), (0, 28, [0, 10, 20]), (2, 2, [2])],
)
def test_ticks_are_round_and_within_the_ends(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


def test_figures_are_written_in_the_unit_that_suits_them() -> None:
    assert [milliseconds(v) for v in (0.1, 184.4, 1500, 15_291.8)] == ["< 1 ms", "184 ms", "1,500 ms", "15.3 s"]
    assert [dollars(v) for v in (0.000012, 0.0123, 18.2175)] == ["< $0.0001", "$0.0123", "$18.22"]
    assert [duration(v) for v in (4.21, 65, 3600)] == ["4.2 s", "1 min 05 s", "60 min 00 s"]
