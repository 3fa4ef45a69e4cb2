"""The benchmark of inference compares within rounds, and only tools that did the same work."""

from __future__ import annotations

import os
import threading

import pytest

from benchmarks.inference.__main__ import check
from benchmarks.inference.chat import counted
from benchmarks.inference.load import Counted, Sample, in_turn, usage
from benchmarks.inference.report import ENDPOINT, LLAMA_SERVER, ONE_BY_ONE, TRANSFORMERS, bars, judge, ratios, table


def sample(tool: str, number: int, cpu_s: float, concurrency: int = 1, tokens: int = 100) -> Sample:
    return Sample(
        tool=tool,
        concurrency=concurrency,
        round=number,
        tokens=tokens,
        prompt_tokens=200,
        computed_prompt_tokens=150,
        cpu_s=cpu_s,
        wall_s=cpu_s,
        latency_s=1.0,
        rss=2**20,
        load=1.0,
    )


def test_tools_are_compared_within_a_round_and_not_across_rounds() -> None:
    # The second round was twice as slow for all; the medians of the rates alone would say something else.
    samples = [
        *(sample(ENDPOINT, 0, 1.0), sample(LLAMA_SERVER, 0, 0.9)),
        *(sample(ENDPOINT, 1, 2.0), sample(LLAMA_SERVER, 1, 1.8)),
        sample(LLAMA_SERVER, 2, 0.1),
    ]
    assert ratios(samples, 1, LLAMA_SERVER) == pytest.approx([0.9, 0.9])


def test_each_target_is_judged_by_the_number_of_requests_at_a_time() -> None:
    samples = [
        sample(tool, 0, cpu_s, concurrency)
        for concurrency, times in {1: (1.0, 0.95, 4.1), 8: (1.0, 0.8, 3.9)}.items()
        for tool, cpu_s in zip((ENDPOINT, LLAMA_SERVER, TRANSFORMERS), times, strict=True)
    ]
    found = {(verdict.concurrency, verdict.other): verdict.met for verdict in judge(samples)}
    assert found == {
        (1, LLAMA_SERVER): True,
        (1, TRANSFORMERS): True,
        (8, LLAMA_SERVER): False,
        (8, TRANSFORMERS): False,
        (8, ONE_BY_ONE): True,  # 4.1 times what `generate` makes of one request
    }
    assert "NOT MET   0.80x" in "\n".join(map(str, judge(samples)))


def test_a_target_whose_other_tool_did_not_run_has_no_verdict() -> None:
    assert judge([sample(ENDPOINT, 0, 1.0)]) == []


def test_tools_that_did_not_make_as_many_tokens_are_not_compared() -> None:
    check([sample(ENDPOINT, 0, 1.0), sample(LLAMA_SERVER, 0, 2.0)])
    with pytest.raises(ValueError, match=r"Tools differ in \(tokens of prompts, tokens made\)"):
        check([sample(ENDPOINT, 0, 1.0), sample(LLAMA_SERVER, 0, 1.0, tokens=99)])


def test_an_answer_with_fewer_tokens_than_asked_for_is_an_error() -> None:
    answer = {"usage": {"completion_tokens": 7, "prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}}
    assert counted(answer, 7) == Counted(made=7, prompt=9, computed=5)
    with pytest.raises(ValueError, match="made 7 tokens where 8 were asked for"):
        counted(answer, 8)


def test_so_many_requests_are_under_way_at_a_time() -> None:
    together = threading.Barrier(3)

    def ask(prompt: str) -> Counted:
        together.wait(timeout=10)
        return Counted(made=len(prompt), prompt=0, computed=0)

    timed = in_turn(ask, ["a", "bb", "ccc", "d", "ee", "fff"], 3)
    assert [answer.made for answer in timed.answers] == [1, 2, 3, 1, 2, 3]
    assert len(timed.latencies) == 6


def test_what_a_tree_has_used_only_grows() -> None:
    before = usage([os.getpid()])
    assert sum(number * number for number in range(300_000))
    assert usage([os.getpid()]).cpu_s >= before.cpu_s > 0


def test_table_and_picture_have_every_tool_that_ran() -> None:
    samples = [sample(ENDPOINT, 0, 1.0), sample(LLAMA_SERVER, 0, 0.5), sample(ENDPOINT, 0, 1.0, concurrency=8)]
    shown = table(samples)
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [
        ["1", "endpoint", "100.0"],
        ["1", "llama-server", "200.0"],
        ["8", "endpoint", "100.0"],
    ]
    assert "0.50x" in shown
    assert bars(samples).count("<rect") == 1 + 3
