"""Progress on standard output: one line `PROGRESS {json}` for each change, for whoever follows the job's log."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark import SparkContext

_INTERVAL_S = 0.5


def report(phase: str, **fields: object) -> None:
    """Print one progress line; the fields are `done`, `total`, `unit` and what else a phase has to say."""
    # One write, so that lines of two threads never mix.
    sys.stdout.write(f"PROGRESS {json.dumps({'phase': phase, **fields})}\n")
    sys.stdout.flush()


@contextmanager
def watch(spark: SparkContext, phase: str) -> Iterator[None]:
    """Report the finished tasks of the Spark jobs that the body starts."""
    spark.setJobGroup(phase, f"Fourfold: {phase}")
    finished = threading.Event()
    thread = threading.Thread(target=_follow, args=(spark, phase, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _follow(spark: SparkContext, phase: str, finished: threading.Event) -> None:
    last = (0, 0)
    while True:
        ended = finished.wait(_INTERVAL_S)
        if (now := _count_tasks(spark, phase)) != last:
            report(phase, done=now[0], total=now[1], unit="tasks")
            last = now
        if ended:
            return


def _count_tasks(spark: SparkContext, group: str) -> tuple[int, int]:
    """Return how many tasks of a job group are finished, and how many it has, as far as Spark knows by now."""
    tracker = spark.statusTracker()
    jobs = [job for job in map(tracker.getJobInfo, tracker.getJobIdsForGroup(group)) if job is not None]
    done = total = 0
    for job in jobs:
        stages = [stage for stage in map(tracker.getStageInfo, job.stageIds) if stage is not None]
        begun = [stage.stageId for stage in stages if stage.numCompletedTasks or stage.numActiveTasks]
        for stage in stages:
            # A stage that stands still while one behind it runs is skipped: an earlier job has done its work.
            if stage.stageId in begun or stage.stageId > max(begun, default=-1):
                done, total = done + stage.numCompletedTasks, total + stage.numTasks
    return done, total
