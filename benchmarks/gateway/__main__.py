"""`make bench-gateway`: what the gateway costs over boto3 alone, and how it stands a bad day; bounds make it fail."""

from __future__ import annotations

import argparse
import sys

from benchmarks.gateway import cold, load, requests

MOST_COLD, MOST_MS_A_REQUEST, MOST_MS_A_HUNDRED_EVENTS = 1.3, 1.0, 1.0
PARTS = ("cold", "request", "stream", "load")


def main() -> None:
    """Measure, print, and end with 1 where a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}; all, where none is named")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; known are {', '.join(PARTS)}")
    failed: list[str] = []
    if "cold" in args.parts:
        failed += _cold()
    if "request" in args.parts:
        failed += _request()
    if "stream" in args.parts:
        failed += _stream()
    if "load" in args.parts:
        failed += _load(args.clients, args.seconds)
    for line in failed:
        print(f"beyond its bound: {line}", file=sys.stderr)
    sys.exit(1 if failed else 0)


def _cold() -> list[str]:
    found = cold.measure()
    line = f"cold start: {found.gateway:.0f} ms of CPU, {found.ratio:.2f} times bare boto3 ({found.bare:.0f} ms)"
    print(line, flush=True)
    return [line] if found.ratio > MOST_COLD else []


def _request() -> list[str]:
    failed = []
    for setting in requests.SETTINGS:
        found = requests.of_a_request(setting)
        line = f"a request {setting.about}: {found.over:.2f} ms of CPU over boto3's same calls ({found.bare:.2f} ms)"
        print(f"{line}; {found.over_converse:.2f} ms over Converse alone ({found.converse:.2f} ms)", flush=True)
        failed += [line] if (found.over_converse if setting.alone else found.over) > MOST_MS_A_REQUEST else []
    return failed


def _stream() -> list[str]:
    together = requests.of_a_hundred_events(paced=False)
    line = f"100 events: {together.over:.2f} ms of CPU over bare ConverseStream ({together.bare:.2f} ms)"
    print(line, flush=True)
    failed = [line] if together.over > MOST_MS_A_HUNDRED_EVENTS else []
    paced = requests.of_a_hundred_events(paced=True)
    line = (
        f"100 events, each by itself: {paced.over:.2f} ms over bare ConverseStream ({paced.bare:.2f} ms), "
        f"{paced.writes:.2f} of them for the writes themselves"
    )
    print(line, flush=True)
    return failed + ([line] if paced.over > MOST_MS_A_HUNDRED_EVENTS else [])


def _load(clients: int, seconds: float) -> list[str]:
    found = load.run(clients, seconds)
    told = ", ".join(f"{count} x {what}" for what, count in found.answers.most_common())
    print(f"{clients} clients for {seconds:.0f} s: {told}")
    print(f"held before: {found.before}; after: {found.after}", flush=True)
    return found.faults()


if __name__ == "__main__":
    main()
