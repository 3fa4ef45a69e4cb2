"""The page shows what the report holds, escapes what came from data, and survives a run that ended early."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.figures import rows
from tests.unit.report.conftest import by_label
from twin.report import write_report
from twin.report.page import render


def test_every_section_of_a_whole_run_is_on_the_page(whole: dict[str, Any]) -> None:
    page = render(whole)

    for text in (
        "records in",
        "−1 empty",
        "email 3",
        "No candidate reaches rougeL 0.3.",
        "floor 0.3",
        "training step",
        "held-out 2.80",
        "1 closer to the reference",
        "an answer",
        "answers 403",
        "0.100 → 0.500",
    ):
        assert text in page


def test_the_page_says_when_the_run_began_and_on_which_data_set(whole: dict[str, Any]) -> None:
    assert "Data set news, started 2026-11-26 at 00:13 UTC." in render(whole)


def test_the_api_s_requests_are_told_apart_from_the_endpoint_s(whole: dict[str, Any]) -> None:
    page = " ".join(render(whole).split())

    assert "<code>POST /v1/summarize</code>: 2 requests, median 40 ms." in page
    assert "<code>the-endpoint</code>, asked directly: 3 requests, median 31 ms." in page


def test_who_approved_when_and_after_how_long_is_on_the_page_and_in_the_terminal(whole: dict[str, Any]) -> None:
    words = "Approved by jo on 2026-11-26 at 00:53 UTC, after the run had waited for 2 min 21 s."

    assert words in render(whole)
    assert dict(rows(whole))["Approval"] == words
    assert words in render(whole | {"serving": None})


def test_an_approval_by_the_settings_says_so(whole: dict[str, Any]) -> None:
    whole["approval"] |= {"kind": "automatic", "by": "automatic"}

    assert "Approved automatically on 2026-11-26 at 00:53 UTC, as the settings say" in render(whole)


def test_a_model_without_an_endpoint_is_shown_without_one(whole: dict[str, Any]) -> None:
    whole["serving"] |= {"endpoint": None, "endpoint_requests": 0, "endpoint_latency_ms_p50": None}

    assert "asked directly" not in render(whole)


def test_each_candidate_has_its_verdict_and_one_that_could_not_be_asked_is_listed_too(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert page.count("<strong>refused</strong>: its lower bound is below the floor") == 2
    assert '<td colspan="7">nova-pro (zero-shot)</td><td><strong>unmeasured</strong>: no &lt;access&gt;</td>' in page
    assert "percentile bootstrap of 2,000 resamples. An answer that does not look at the text scores 0.110." in page


def test_how_faithful_the_summaries_are_is_a_table_where_they_are_summaries(whole: dict[str, Any]) -> None:
    row = "".join(f'<td class="n">{figure}</td>' for figure in ("–", "25 %", "10 %", "30 %", "50 %", "0.87"))
    assert render(whole).count(row) == 2

    for candidate in whole["selection"]["candidates"]:
        candidate["faithfulness"] = dict.fromkeys(candidate["faithfulness"])
    assert render(whole).count('<td class="n">–</td>' * 6) == 2
    for candidate in whole["selection"]["candidates"]:
        candidate["faithfulness"] = None
    assert "Faithfulness" not in render(whole)


def test_how_far_the_quantized_model_is_from_the_trained_one_is_told(whole: dict[str, Any]) -> None:
    page = render(whole)
    assert "Served as q4_1 (102 MB): its held-out loss is 2.8123, 0.0123 nats from the trained model's" in page
    assert "0.05 are allowed" in page


def test_a_classification_has_its_labels_figures_and_matrices_drawn_and_as_tables(whole: dict[str, Any]) -> None:
    assert "By label" not in render(whole)

    base, tuned = by_label(["<bug>", "praise"], [[3, 4, 5], [0, 1, 0]]), by_label(["<bug>", "praise"], [[12, 0, 0]] * 2)
    base["left_out"] = {"labels": 7, "examples": 1234}
    whole["evaluation"]["by_label"] = {"base": base, "tuned": tuned}
    page = render(whole)

    figures = '<td class="n">–</td><td class="n">0.250</td><td class="n">0.400</td>'
    assert f'<th scope="row">&lt;bug&gt;</th><td class="n">12</td>{figures}{figures}</tr>' in page
    assert "7 more labels, with 1,234 of the examples, are left out here." in page
    assert 'aria-label="Confusion matrix, base and tuned"' in page
    counts = "".join(f'<td class="n">{count}</td>' for count in (3, 4, 5))
    assert f'<tr><th scope="row">&lt;bug&gt;</th>{counts}</tr>' in page
    assert page.count('<th class="n" scope="col">no label</th>') == 2


def test_a_candidate_of_a_classification_has_its_own(whole: dict[str, Any]) -> None:
    whole["selection"]["candidates"][1]["by_label"] = by_label(["bug"], [[3, 1], [2, 2]], others=9)
    page = render(whole)

    assert page.count("<summary>By label: ") == page.count("<summary>By label: m, few-shot</summary>") == 1
    assert '<th scope="row">9 other labels</th>' in page


def test_likeness_by_embeddings_is_a_table_where_texts_were_embedded(whole: dict[str, Any]) -> None:
    assert "by embeddings of" not in render(whole)

    for candidate in whole["selection"]["candidates"]:
        candidate["similarity"] = {"model": "titan-embed-text-v2", "value": 0.71, "ci": [0.65, 0.77], "usd": 0.0001}
    page = render(whole)

    assert "by embeddings of titan-embed-text-v2" in page
    assert page.count('<td class="n">0.710</td><td class="n">0.650 – 0.770</td>') == 2


def test_what_a_search_found_is_told_of_candidates_that_search(whole: dict[str, Any]) -> None:
    assert "Retrieval" not in render(whole)

    found = {"passages": 1234, "search": "words", "answer_found": 0.4, "usd_of_index": 0.0}
    whole["selection"]["candidates"][1]["retrieval"] = found

    assert render(whole).count('<td>words</td><td class="n">1,234</td><td class="n">40 %</td>') == 1


def test_how_the_judge_did_is_on_the_page_where_one_measured(whole: dict[str, Any]) -> None:
    assert "Judged by" not in render(whole)

    told = {"pairs": 64, "ties": 9, "disagreements": 7, "first_place": 0.52, "malformed": 1, "refused": 0, "usd": 0.25}
    for candidate in whole["selection"]["candidates"]:
        candidate["judge"] = {"model": "nova-pro", "agreement": 0.9167, "needed": 0.85, **told}
    page = render(whole)

    assert "Judged by nova-pro, which told 92 % of the planted pairs apart" in page
    figures = "".join(f'<td class="n">{figure}</td>' for figure in (64, 9, 7, "52 %", 1, 0))
    assert page.count(figures) == 2


def test_text_from_data_is_never_markup(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>.jsonl" not in page


def test_what_differs_in_a_near_duplicate_is_marked_and_still_only_text(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "75 % alike: line 9 of data.jsonl" in page
    assert "<mark>almost</mark> &lt;i&gt;the&lt;/i&gt; words" in page


def test_the_page_leads_to_the_data_card_where_there_is_one(whole: dict[str, Any]) -> None:
    assert '<a href="data_card.html">' in render(whole)
    whole["data"]["card"] = None
    assert "<a " not in render(whole)


def test_the_data_card_is_written_beside_the_report(whole: dict[str, Any], tmp_path: Path) -> None:
    write_report(whole, tmp_path, "<p>the card</p>")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["data_card.html", "report.html", "report.json"]
    assert (tmp_path / "data_card.html").read_text() == "<p>the card</p>"


def test_where_rejected_records_lie_is_said_in_the_place_of_their_text(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "line 3 of" in page
    assert "s3://quarantine/d/run=r1/reason=…/" in page


def test_a_run_that_ended_early_shows_why_and_nothing_it_does_not_know(early_end: dict[str, Any]) -> None:
    page = render(early_end)

    assert "NoUsableRecords" in page
    assert "all empty" in page
    assert "some-role" in page
    assert "Select: candidates" not in page


def test_a_model_that_could_not_be_used_is_said_on_the_page(whole: dict[str, Any]) -> None:
    page = render(whole | {"serving": None, "error": "POST /v1/summarize answered <501>"})

    assert "could not be used" in page
    assert "answered &lt;501&gt;" in page


@pytest.mark.parametrize("section", ["data", "selection", "tuning", "evaluation", "approval", "serving"])
def test_any_section_may_be_missing(whole: dict[str, Any], section: str) -> None:
    assert "</html>" in render(whole | {section: None})


def test_the_page_asks_nobody_for_anything(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_report_of_conversations_says_how_they_were_asked(whole: dict[str, Any]) -> None:
    words = "the user&#39;s last turn alone was asked"
    assert words not in render(whole)
    assert words in render(whole | {"serving": whole["serving"] | {"conversations": True}})


def test_the_page_says_where_no_answer_got_better_or_worse(whole: dict[str, Any]) -> None:
    best = whole["evaluation"]["best"][0]
    page = render(whole)
    assert "No answer got further away from the reference." in page
    assert "No answer got closer" not in page
    assert "changed nothing" not in page

    same = best | {"tuned_score": best["base_score"]}
    page = render(whole | {"evaluation": whole["evaluation"] | {"best": [], "worst": [best], "weakest": [same]}})
    assert "No answer got closer to the reference." in page
    assert "No answer got further away" not in page
    assert '<span class="">+0.000</span>' in page.partition("Where it changed nothing")[2]


def test_the_gate_s_verdict_its_parts_and_the_card_are_shown(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "The gate: passed" in page
    assert "The lower bound of rougeL is 0.400; the floor is 0.3." in page
    assert "length short, 1-9 words" in page
    assert "<strong>undecided</strong>" in page
    assert "training cost" in page
    assert "s3://b/&lt;m&gt;" in page
    whole["evaluation"]["gate"]["notes"] = ["language fr: 4 examples are too few"]
    assert "What the evaluation could not tell: language fr: 4 examples are too few." in render(whole)
    whole["evaluation"]["gate"] |= {"verdict": "refused", "reasons": ["5 test examples tell <nothing>"]}
    assert "<li>5 test examples tell &lt;nothing&gt;.</li>" in render(whole)
