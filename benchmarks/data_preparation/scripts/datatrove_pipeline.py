"""datatrove with the stages that the Glue job has too; runs in datatrove's own environment.

Arguments: input folder, output folder, number of workers. Length and symbols are filtered by the job's bounds, e-mail
and IP addresses replaced, equal texts taken out, and near-duplicates by its MinHash defaults: 5-grams, 14 buckets of 8
hashes. Nothing is written twice: the second pass over the filtered documents computes the signatures, the third writes.
"""

import re
import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    ExactDedupConfig,
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

FEWEST_WORDS, MOST_WORDS, LARGEST_SYMBOL_RATIO = 5, 4000, 0.3
SYMBOL = re.compile(r"[^\w\s]")


def is_usable(document: Document) -> bool:
    """Whether a document has a usable number of words, and not too many symbols."""
    words = document.text.split()
    visible = sum(map(len, words))
    return (
        FEWEST_WORDS <= len(words) <= MOST_WORDS
        and len(SYMBOL.findall(document.text)) <= LARGEST_SYMBOL_RATIO * visible
    )


def text_of(document: Document) -> str:
    """Return what makes two documents equal."""
    return str(document.text)


def main(source: str, target: str, workers: int) -> None:
    """Run every stage, one after the other."""
    folder = Path(target)
    tasks = len(list(Path(source).glob("*.jsonl")))
    exact, minhash = ExactDedupConfig(content_getter=text_of), MinhashConfig()

    def run(name: str, count: int, *steps: PipelineStep) -> None:
        log = str(folder / "logs" / name)
        # Forked workers have everything imported already, which is the least that datatrove can take.
        LocalPipelineExecutor(list(steps), tasks=count, workers=workers, logging_dir=log, start_method="fork").run()

    def reader() -> JsonlReader:
        return JsonlReader(str(folder / "clean"))

    def writer(name: str) -> JsonlWriter:
        return JsonlWriter(str(folder / name), compression=None)

    unique = str(folder / "equal"), exact
    run(
        "clean",
        tasks,
        JsonlReader(source),
        LambdaFilter(is_usable, exclusion_writer=writer("filtered")),
        PIIFormatter(),
        writer("clean"),
    )
    run("hash", tasks, reader(), ExactDedupSignature(str(folder / "hashes"), exact))
    run("equal", 1, ExactFindDedups(str(folder / "hashes"), str(folder / "equal"), exact))
    run("sign", tasks, reader(), ExactDedupFilter(*unique), MinhashDedupSignature(str(folder / "signatures"), minhash))
    buckets = MinhashDedupBuckets(str(folder / "signatures"), str(folder / "buckets"), config=minhash)
    run("buckets", minhash.num_buckets, buckets)
    clusters = MinhashDedupCluster(str(folder / "buckets"), str(folder / "near"), minhash, save_cluster_id=True)
    run("clusters", 1, clusters)
    run(
        "write",
        tasks,
        reader(),
        ExactDedupFilter(*unique, exclusion_writer=writer("equal-removed")),
        MinhashDedupFilter(str(folder / "near"), exclusion_writer=writer("near-removed"), load_cluster_ids=True),
        writer("kept"),
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
