"""A cost out of this machine's seconds says so wherever it is shown; one out of tokens is AWS's own."""

from __future__ import annotations

from typing import Any

import pytest

from cli.figures import rows
from twin.report.page import render
from twin.run.approval import figures

MARK = "at this machine's speed"


@pytest.fixture
def report(whole: dict[str, Any]) -> dict[str, Any]:
    """A run with one candidate by the token, and a cheaper one by the second that was chosen."""
    by_token, by_second = whole["selection"]["candidates"]
    by_token |= {"priced_by": "tokens", "usd_per_1k_requests": 7.5}
    by_second |= {"priced_by": "seconds", "usd_per_1k_requests": 7.25}
    reason = "m (few-shot) is the cheapest that reaches rougeL 0.2: 0.250 at $7.2500 per 1,000 requests"
    whole["selection"] |= {"chosen": by_second, "needs_tuning": False, "reason": reason}
    return whole


def test_the_terminal_marks_the_candidate_and_the_reason(report: dict[str, Any]) -> None:
    shown = dict(rows(report))

    assert shown["m, zero-shot"].endswith("$7.50 per 1,000 requests")
    assert shown["m, few-shot"].endswith(f"$7.25 per 1,000 requests {MARK}")
    assert shown["Selection"].endswith(f"$7.2500 per 1,000 requests {MARK}")


def test_the_mark_stands_at_the_cost_and_not_after_what_was_not_measured(report: dict[str, Any]) -> None:
    report["selection"]["reason"] += "; not measured: n (zero-shot): no access"

    assert f"per 1,000 requests {MARK}; not measured: n (zero-shot): no access" in dict(rows(report))["Selection"]


def test_the_page_marks_drawing_table_and_reason(report: dict[str, Any]) -> None:
    page = render(report).replace("&#39;", "'").replace("&#x27;", "'")

    assert f"$7.2500 per 1,000 requests {MARK}.</p>" in page
    assert page.count("$7.25*") == 2
    assert page.count("$7.50<") == 2
    assert f"* {MARK}<" in page
    assert "* At this machine's speed: AWS's price of a second" in page


def test_the_cost_of_training_is_marked_as_this_machine_s_time(report: dict[str, Any]) -> None:
    page = render(report).replace("&#39;", "'")

    assert "<td>training cost</td><td><code>9 s of 1 ml.g5.xlarge</code> *</td>" in page
    assert "* This machine's time, at the price of the instance that the settings name. On AWS" in page
    assert page.count("</code> *") == 1


def test_a_run_without_such_costs_marks_nothing(report: dict[str, Any]) -> None:
    del report["evaluation"]["card"]["training_cost"]
    for candidate in [*report["selection"]["candidates"], report["selection"]["chosen"]]:
        candidate["priced_by"] = "tokens"
    page = render(report)

    assert "machine" not in page
    assert "*" not in page.partition("<body>")[2]


def test_whoever_approves_sees_the_mark_too(report: dict[str, Any]) -> None:
    [reason] = figures({"SelectModel": report["selection"]})

    assert reason.endswith(MARK)
