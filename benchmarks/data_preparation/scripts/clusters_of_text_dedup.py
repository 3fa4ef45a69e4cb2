"""The clusters that text-dedup has pickled, as JSON: [[id, cluster], …]; runs in text-dedup's own environment."""

import json
import pickle
import sys
from pathlib import Path


def main(source: str, target: str) -> None:
    """Write the cluster of each record that has others beside it."""
    clusters = pickle.loads(Path(source).read_bytes())  # noqa: S301  (written by the run just before)
    Path(target).write_text(json.dumps([[name, clusters.find(name)] for name in list(clusters.parent)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
