"""A tuning job as it runs: it starts trials, as many at a time as it may, stops those that lag, and ends.

With the same seed it tries the same. So that this holds for several trials at a time too, a proposal that learns from
earlier trials takes in those alone that must have ended, and a trial waits for the one that many before it.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time

from twin.emulator import hooks
from twin.emulator.hooks import Json, ServiceError
from twin.events import emit
from twin.sagemaker.call import Call
from twin.sagemaker.jobs.job import stop_job
from twin.sagemaker.jobs.training import TrainingJob
from twin.sagemaker.search import early_stopping, ranges, trials
from twin.sagemaker.search.proposals import STRATEGIES, Trial
from twin.sagemaker.store import Store
from twin.sagemaker.training_jobs import launch

SOURCE = "sagemaker.tuning"
OBJECTIVE_PARAMETER = "_tuning_objective_metric"
"""What the service adds to each trial's hyperparameters; the training toolkit keeps it from the script."""

_POLL_S = 0.2
_log = logging.getLogger(__name__)
_running: dict[str, TuningJob] = {}


class TuningJob:
    """One tuning job; `record` is what DescribeHyperParameterTuningJob answers, with the trials' summaries."""

    def __init__(self, store: Store, record: Json) -> None:
        self.store, self.record = store, record
        self.name, self.arn = record["HyperParameterTuningJobName"], record["HyperParameterTuningJobArn"]
        config = record["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"]
        self.objective: Json = config["HyperParameterTuningJobObjective"]
        self.at_once = int(limits["MaxParallelTrainingJobs"])
        self.most = int(limits["MaxNumberOfTrainingJobs"])
        self.seed = int(config["RandomSeed"]) if "RandomSeed" in config else secrets.randbelow(2**31)
        self.propose, self.learns = STRATEGIES[config["Strategy"]], config["Strategy"] != "Random"
        self.stops_early = config.get("TrainingJobEarlyStoppingType") == "Auto"
        self.searched = ranges.parse(config["ParameterRanges"])
        self.stop = threading.Event()
        self.jobs: list[TrainingJob] = []

    def start(self) -> None:
        """Run on a thread of its own."""
        _running[self.arn] = self
        hooks.in_background(f"{SOURCE} {self.name}", self.run)

    def run(self) -> None:
        """Do the whole of it on this thread; whatever happens ends up in the record."""
        emit("started", SOURCE, self.name, arn=self.arn, trials=self.most)
        reason = ""
        try:
            self._try_all()
            status, reason = self._outcome()
        except ServiceError as error:
            status, reason = "Failed", f"ClientError: {error}"
        except Exception as error:
            _log.exception("The tuning job %s ended in an error of the emulator's own.", self.arn)
            status, reason = "Failed", f"LocalExecutorError: The local run of the tuning job has a defect: {error!r}"
        self._end_trials()
        _running.pop(self.arn, None)
        failure = {"FailureReason": reason} if reason else {}
        self.store.update(self.record, HyperParameterTuningEndTime=time.time(), **failure)
        self.store.update(self.record, HyperParameterTuningJobStatus=status)
        emit("finished", SOURCE, self.name, arn=self.arn, status=status, message=reason)

    # ---- trials -----------------------------------------------------------------------------------------

    def _try_all(self) -> None:
        while True:
            self._look()
            while len(self.jobs) < self.most and not self.stop.is_set() and self._may_start():
                self._launch()
                self._look()
            if not self._pending() and (self.stop.is_set() or len(self.jobs) == self.most):
                return
            if self.stops_early:
                self._stop_laggards()
            if self.stop.wait(_POLL_S):
                self._end_trials()
                time.sleep(_POLL_S)

    def _may_start(self) -> bool:
        if self.learns:
            must_have_ended = len(self.jobs) - self.at_once + 1
            return all(trials.ended(trial) for trial in self._trials[: max(0, must_have_ended)])
        return len(self._pending()) < self.at_once

    def _launch(self) -> None:
        values = self.propose(self.searched, self.seed, self._known())
        number = len(self.jobs) + 1
        definition = dict(self.record["TrainingJobDefinition"])
        definition.pop("DefinitionName", None)
        static = definition.pop("StaticHyperParameters", None) or {}
        objective = {OBJECTIVE_PARAMETER: self.objective["MetricName"]}
        request = {
            **definition,
            "TrainingJobName": f"{self.name}-{number:03d}-{secrets.token_hex(4)}",
            "HyperParameters": {**static, **objective, **values},
            "Tags": self.record["tags"],
        }
        job = launch(Call(request, self.store), {"TuningJobArn": self.arn})
        self.jobs.append(job)
        with self.store.lock:
            self._trials.append(trials.summary(job.record, values, self.objective))

    def _known(self) -> list[Trial]:
        """The earlier trials; of those that need not have ended it is not known what they came to."""
        certain = len(self.jobs) - self.at_once + 1 if self.learns else len(self.jobs)
        return [
            Trial(trial["TunedHyperParameters"], trials.loss_of(trial) if number < certain else None)
            for number, trial in enumerate(self._trials)
        ]

    def _look(self) -> None:
        """Bring the trials' summaries up to date."""
        with self.store.lock:
            found = [
                trials.summary(job.record, trial["TunedHyperParameters"], self.objective)
                for job, trial in zip(self.jobs, self._trials, strict=True)
            ]
            if found != self._trials:
                self._trials[:] = found
                done = sum(trials.ended(trial) for trial in found)
                emit("progress", SOURCE, self.name, phase="trials", done=done, total=self.most)

    def _stop_laggards(self) -> None:
        sign = trials.as_loss(self.objective["Type"])
        curves = [[sign * value for value in job.metrics.values(self.objective["MetricName"])] for job in self.jobs]
        before = [c for c, trial in zip(curves, self._trials, strict=True) if trials.ended(trial) and c]
        for job, curve, trial in zip(self.jobs, curves, self._trials, strict=True):
            if not trials.ended(trial) and early_stopping.is_worse(curve, before):
                stop_job(job.arn)

    # ---- ends -------------------------------------------------------------------------------------------

    @property
    def _trials(self) -> list[Json]:
        found: list[Json] = self.record["trials"]
        return found

    def _pending(self) -> list[Json]:
        return [trial for trial in self._trials if not trials.ended(trial)]

    def _end_trials(self) -> None:
        for job, trial in zip(self.jobs, self._trials, strict=True):
            if not trials.ended(trial):
                stop_job(job.arn)

    def _outcome(self) -> tuple[str, str]:
        if self.stop.is_set():
            return "Stopped", ""
        if trials.best(self._trials):
            return "Completed", ""
        if all(trial["TrainingJobStatus"] == "Failed" for trial in self._trials):
            return "Failed", "All training jobs failed. Look at training job failures to get further details."
        metric = self.objective["MetricName"]
        return "Failed", f"ClientError: No training job completed with a value of the objective metric '{metric}'."


def stop_tuning(arn: str) -> None:
    """Tell a tuning job to stop; nothing happens where none runs under that ARN."""
    if arn in _running:
        _running[arn].stop.set()


def stop_all() -> None:
    """Tell every tuning job to start no more trials: the emulator ends."""
    for job in list(_running.values()):
        job.stop.set()
