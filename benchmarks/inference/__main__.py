"""The served endpoint beside llama.cpp's own server and transformers' `generate`: `make bench-inference`.

All three answer the same prompts with the same model, greedily, with a fixed number of tokens, on one thread. Requests
come one at a time, and eight at a time. Tools take turns in each round; a second of processor time is one of the whole
process tree that answers, not of who asks.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.inference import endpoint, generate, llama_server
from benchmarks.inference.load import Counted, Sample, Timed, in_turn, measured
from benchmarks.inference.report import ENDPOINT, LLAMA_SERVER, TOOLS, TRANSFORMERS, bars, judge, table
from benchmarks.inference.task import FOLDER, Task, prepare
from cdk_app.settings import CONTEXT_TOKENS
from twin.model_server import BUILT
from twin.model_server.build import VERSION

_LEVELS = (1, 8)
# At a time each request gets its share of a round; more at a time are over sooner.
_REQUESTS = {1: 6, 8: 16}


@dataclass(frozen=True)
class Tool:
    """One that answers: the process that all of it descends from, and how it is asked."""

    name: str
    pid: int
    answer: Callable[[Sequence[str], int], Timed]
    """Answers prompts, so many at a time."""


def start(task: Task, options: argparse.Namespace, stack: ExitStack) -> list[Tool]:
    """Bring up what was asked for; all stay up, with the model loaded, until the stack is closed."""
    most, tools = max(_LEVELS), []
    if ENDPOINT in options.tools:
        program = BUILT if options.serve_with == LLAMA_SERVER else None
        served = stack.enter_context(endpoint.served(task.gguf, FOLDER, most, program))
        tools.append(_server(ENDPOINT, served.pid, served.ask, options.tokens))
    if LLAMA_SERVER in options.tools:
        peer = stack.enter_context(llama_server.served(task.gguf, FOLDER, most, CONTEXT_TOKENS, threads=1))
        tools.append(_server(LLAMA_SERVER, peer.pid, peer.ask, options.tokens))
    if TRANSFORMERS in options.tools:
        generator = stack.enter_context(generate.loaded(task.checkpoint, FOLDER, 1, options.number_format))
        tools.append(
            Tool(TRANSFORMERS, generator.pid, lambda some, size: generator.batches(some, options.tokens, size))
        )
    return tools


def _server(name: str, pid: int, ask: Callable[[str, int], Counted], tokens: int) -> Tool:
    return Tool(name, pid, lambda some, size: in_turn(lambda prompt: ask(prompt, tokens), some, size))


def measure(tools: Sequence[Tool], task: Task, rounds: int) -> list[Sample]:
    """Let the tools take turns, each first as often as any other."""
    samples: list[Sample] = []
    warm_up, begin = task.some(0, max(_LEVELS)), max(_LEVELS)
    for tool in tools:
        tool.answer(warm_up, max(_LEVELS))
    for number in range(rounds):
        turn = number % len(tools)
        for level in _LEVELS:
            prompts = task.some(begin, _REQUESTS[level])
            begin += _REQUESTS[level]
            for tool in (*tools[turn:], *tools[:turn]):
                run = partial(tool.answer, prompts, level)
                samples.append(measured(tool.name, tool.pid, run, level, number))
                rate = samples[-1].tokens_per_cpu_s
                print(f"round {number + 1}, {level} at a time, {tool.name}: {rate:.1f} tokens/CPU-s", flush=True)
    return samples


def check(samples: Sequence[Sample]) -> None:
    """Refuse samples whose tools did not do the same work."""
    work: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for sample in samples:
        work.setdefault((sample.round, sample.concurrency), set()).add((sample.prompt_tokens, sample.tokens))
    if unequal := {key: found for key, found in work.items() if len(found) > 1}:
        raise ValueError(
            f"Tools differ in (tokens of prompts, tokens made), by round and requests at a time: {unequal}"
        )


def main() -> None:
    """Measure all, print the table and write results and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64, help="tokens of an answer")
    parser.add_argument("--words", type=int, default=100, help="most words of a text that is asked about")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument(
        "--serve-with",
        choices=("xllamacpp", LLAMA_SERVER),
        default=LLAMA_SERVER,
        help="what serves behind the endpoint: the llama-server that was built, or the llama.cpp that is installed",
    )
    parser.add_argument(
        "--number-format", default="float32", help="of transformers' weights; float32 is the faster here"
    )
    options = parser.parse_args()
    if not BUILT.is_file():
        parser.error("llama-server is not built; `make llama-server` does it.")
    task = prepare(options.words)
    with ExitStack() as stack:
        samples = measure(start(task, options, stack), task, options.rounds)
    check(samples)
    verdicts = judge(samples)
    print(table(samples), *verdicts, sep="\n")
    results: dict[str, Any] = {"options": vars(options), "llama_server": VERSION}
    results["samples"] = [asdict(sample) for sample in samples]
    results["verdicts"] = [{**asdict(verdict), "met": verdict.met} for verdict in verdicts]
    (FOLDER / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (FOLDER / "plot.svg").write_text(bars(samples))
    print(f"{FOLDER / 'results.json'} and plot.svg have it all.")


if __name__ == "__main__":
    main()
