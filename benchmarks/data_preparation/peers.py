"""The tools that Fourfold is measured against, each in an environment of its own with pinned packages."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.data_preparation.corpus import Corpus
from benchmarks.data_preparation.findings import Findings, joined
from benchmarks.data_preparation.glue_job import TASKS, Tick
from benchmarks.data_preparation.measure import Usage, run
from benchmarks.environments import python_with

_HERE = Path(__file__).parent


def python_of(peer: str) -> Path:
    """Return the Python of a peer's environment, made and filled where it is not there yet."""
    return python_with(peer, _HERE / "requirements" / f"{peer}.txt")


def _environment(folder: Path) -> dict[str, str]:
    """Nothing is asked of a model hub, and nothing kept from one run to the next."""
    home = {"HOME": str(folder), "HF_HOME": str(folder / "hub"), "TMPDIR": str(folder)}
    return {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0", **home}


def run_datatrove(corpus: Corpus, folder: Path, tick: Tick) -> tuple[Usage, Findings]:
    """Run datatrove's matching stages over every file of a corpus."""
    script, output = _HERE / "scripts" / "datatrove_pipeline.py", folder / "output"
    argv = [python_of("datatrove"), script, corpus.folder, output, TASKS]
    usage = run(list(map(str, argv)), _environment(folder), folder, tick)
    found = Findings(filtered={record["id"] for record in _records(output / "filtered")})
    near, equal = _records(output / "near-removed"), _records(output / "equal-removed")
    found.removed = {record["id"] for record in near + equal}
    pairs = [(record["id"], f"text {record['text']}") for record in near + equal]
    for record in _records(output / "kept") + near:
        pairs.append((record["id"], f"text {record['text']}"))
        if (number := record["metadata"]["minhash_cluster_id"]) >= 0:
            pairs.append((record["id"], f"cluster {number}"))
    found.cluster = joined(pairs)
    return usage, found


def run_text_dedup(corpus: Corpus, folder: Path, tick: Tick) -> tuple[Usage, Findings]:
    """Run text-dedup's MinHash, by its defaults, over the files that are well-formed: it reads no others."""
    python, output = python_of("text-dedup"), folder / "output"
    argv = [python, "-m", "text_dedup.minhash", "--path", "json", "--split", "train", "--column", "text"]
    argv += ["--data_files", corpus.folder / "documents-*.jsonl", "--idx_column", "id", "--num_proc", TASKS]
    argv += ["--cache_dir", folder / "cache", "--output", output, "--debug"]
    usage = run(list(map(str, argv)), _environment(folder), folder, tick)
    script, clusters = _HERE / "scripts" / "clusters_of_text_dedup.py", folder / "clusters.json"
    subprocess.run([python, script, output / "uf.pkl", clusters], check=True)
    pairs = json.loads(clusters.read_text())
    return usage, Findings({name for name, root in pairs if name != root}, set(), joined(map(tuple, pairs)))


def _records(folder: Path) -> list[dict[str, Any]]:
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").split("\n")]
    return [json.loads(line) for line in lines if line]
