"""What the benchmark makes of a tool's answer and of what it took."""

import os
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data_preparation import report
from benchmarks.data_preparation.corpus import Corpus, Pair
from benchmarks.data_preparation.findings import Findings, joined
from benchmarks.data_preparation.measure import RunFailed, Usage, run
from benchmarks.data_preparation.plot import plot
from benchmarks.data_preparation.quality import assess
from benchmarks.data_preparation.targets import exponent, judge
from benchmarks.data_preparation.tools import Run

WORDS = [f"w{number}" for number in range(60)]
TEXTS = {
    "a": " ".join(WORDS),
    "a2": " ".join([*WORDS[:-1], "other"]),
    "b": " ".join(WORDS[::-1]),
    "b2": " ".join([*WORDS[30:][::-1], *WORDS[:30]]),
}
PAIRS = [Pair("near", "a", "a2", 0.96), Pair("far", "b", "b2", 0.4)]


def assessed(found: Findings) -> dict[str, Any]:
    return assess(Corpus(1, Path(), TEXTS, {}, PAIRS), found)


def test_a_pair_is_found_when_one_of_it_is_out_for_the_other() -> None:
    answer = assessed(Findings({"a"}, set(), joined([("a", "a2")])))
    assert answer["recall"] == {"near": 1.0, "far": 0.0}
    assert (answer["precision"], answer["claimed"]) == (1.0, 1)


def test_a_pair_of_which_both_are_kept_is_not_found() -> None:
    assert assessed(Findings(set(), set(), joined([("a", "a2")])))["recall"]["near"] == 0.0


def test_a_pair_whose_records_are_out_for_others_is_not_found() -> None:
    found = Findings({"a", "a2"}, set(), joined([("a", "b"), ("a2", "b2")]))
    assert assessed(found)["recall"]["near"] == 0.0


def test_what_is_unlike_all_of_its_cluster_is_a_wrong_claim() -> None:
    answer = assessed(Findings({"a", "b"}, set(), joined([("a", "a2"), ("b", "b2")])))
    assert answer["precision"] == 0.5
    assert [name for name, _ in answer["wrong"]] == ["b"]


def test_a_planted_record_that_falls_to_a_filter_is_counted() -> None:
    assert assessed(Findings(set(), {"a2"}, {}))["planted_filtered"] == 1


def test_names_that_hang_together_have_one_cluster() -> None:
    clusters = joined([("a", "b"), ("c", "d"), ("b", "c"), ("e", "f")])
    assert len({clusters[name] for name in "abcd"}) == 1
    assert clusters["e"] == clusters["f"] != clusters["a"]


USAGE = Usage(cpu_s=10, wall_s=5, tree_rss=2 * 10**9, driver_rss=10**8, jvm_rss=10**9, workers_rss=10**9)
QUALITY = {
    "recall": {
        "copy": 1.0,
        "white space": 1.0,
        "compatibility": 1.0,
        "J 0.95-1": 1.0,
        "J 0.9-0.95": 1.0,
        "J 0.8-0.9": 0.97,
    },
    "precision": 0.99,
}


def made(tool: str, scale: int, cpu_s: float, **changes: Any) -> Run:
    usage = replace(USAGE, cpu_s=cpu_s, **changes)
    return Run(tool, scale, 100, 1000 * max(scale, 1), 0.1, usage, QUALITY if tool == "fourfold" else None)


def verdicts(*runs: Run) -> dict[str, bool | None]:
    return {verdict.target: verdict.met for verdict in judge(runs)}


def test_every_target_is_judged_once_its_runs_are_there() -> None:
    found = verdicts(
        *(made("fourfold", scale, 5.0 * scale) for scale in (1, 2, 4, 8)),
        made("fourfold-dedup", 8, 20),
        made("spark-rdd", 8, 12),
        made("spark-dataframe", 8, 15),
        made("datatrove", 8, 121),
        made("text-dedup", 8, 19),
    )
    assert None not in found.values()
    assert [target for target, met in found.items() if not met] == [
        "of text-dedup's CPU for duplicates alone, at most 1",
        "of Spark's CPU to read and write at 8x, at most 3",
        "recall of J 0.8-0.9, at least 0.98",
    ]


def test_what_was_not_run_is_not_judged() -> None:
    assert set(verdicts().values()) == {None}
    assert verdicts(made("fourfold", 1, 5))["exponent of CPU over bytes, at most 1.05"] is None


def test_memory_that_grows_with_the_data_is_not_met() -> None:
    found = verdicts(*(made("fourfold", scale, 5, driver_rss=scale * 10**8) for scale in (1, 2, 8)))
    assert found["growth of the driver's Python from 2x to 8x, at most 1.2"] is False


def test_the_exponent_is_given_with_and_without_the_start() -> None:
    with_start, without = exponent([made("fourfold", 0, 10), made("fourfold", 1, 15), made("fourfold", 8, 50)])
    assert with_start is not None
    assert with_start < 1
    assert without == pytest.approx(1)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    runs = [made("fourfold", 1, 5), made("spark-rdd", 1, 3)]
    report.save(runs, tmp_path, {})
    assert report.load(tmp_path) == runs
    assert ET.fromstring((tmp_path / "plot.svg").read_text()).tag.endswith("svg")
    assert "fourfold" in report.table(runs)


def test_a_plot_names_each_line() -> None:
    drawn = plot({"a<b": [(1, 2), (8, 16)]}, "x", "y")
    assert "a&lt;b" in drawn
    ET.fromstring(drawn)


def test_memory_and_time_of_children_are_counted_even_when_nobody_waits_for_them(tmp_path: Path) -> None:
    child = "import time; x = bytearray(80_000_000)\nwhile time.process_time() < 0.6: pass"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}])"
    code = f"{parent}\nwhile time.process_time() < 0.4: pass"  # it is there long enough to be seen with its child
    usage = run([sys.executable, "-c", code], os.environ, tmp_path)
    assert usage.workers_rss > 80_000_000 > usage.driver_rss
    assert usage.cpu_s > 0.8  # of 1.0, less what may fall behind the last sample


def test_a_tool_that_fails_is_shown_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=r"ends with:\n[\s\S]*ValueError: no such thing"):
        run([sys.executable, "-c", "raise ValueError('no such thing')"], os.environ, tmp_path)
