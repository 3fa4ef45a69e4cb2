"""Prints megabytes of technical prose that a checkout redacts per CPU second: `speed.py CHECKOUT SEED MEGABYTES`."""

import sys
import time
from pathlib import Path


def main(checkout: str, seed: str, megabytes: str) -> None:
    """Redact the prose that the seed draws, with the detectors of the checkout."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from benchmarks.personal_data.prose import technical_prose

    sys.path.insert(0, checkout)
    from pipelines.preparation.personal_data import redact

    prose = technical_prose(int(seed), float(megabytes))
    size = sum(len(text.encode()) for text in prose)
    began = time.process_time()
    for text in prose:
        redact(text)
    print(size / 1e6 / (time.process_time() - began))


if __name__ == "__main__":
    main(*sys.argv[1:])
