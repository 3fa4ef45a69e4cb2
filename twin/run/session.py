"""A whole run: synthesize, start the emulator, deploy, stage the inputs, run the workflow, use what it deployed.

The order is the one a user follows on AWS; only the account is here.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cdk_app.settings import Settings
from twin import deployment
from twin.emulator import Access, Emulator
from twin.run import news, staging
from twin.run.account import new_account
from twin.run.api import Api
from twin.run.attempts import Attempt, Recorder, attempted
from twin.run.board import Board, Progress
from twin.run.cpu import CpuMeter
from twin.run.data_files import DataFiles, find_data_files
from twin.run.execution import STEPS, Outcome, execution_arn, follow, start
from twin.run.last_run import LastRun
from twin.run.probe import Endpoint, Probed, Record, probe
from twin.run.synthesis import synthesize
from twin.sample_data import write_sample
from twin.weights import base_checkpoint

ENVIRONMENT = "twin"
PROBE_REQUESTS = 8
# Test records that are read to choose from.
POOL = 2000
SETUP_STEPS = {
    "Synthesize": "Synthesize the templates (CDK)",
    "StartEmulator": "Start the emulator, IAM enforced",
    "DeployStacks": "Deploy the stacks (CDK CLI)",
    "StageData": "Upload the data set",
    "StageModel": "Upload the base model",
}
USE_STEP = "Use"


def state_folder(root: Path) -> Path:
    """Return the folder for what is kept between runs and is nobody's output."""
    return root / ".fourfold"


def emulator_folder(root: Path) -> Path:
    """Return the folder of the emulator that runs deploy into."""
    return state_folder(root) / "emulator"


@dataclass(frozen=True)
class Options:
    """What the user chose for one run.

    Attributes:
        root: the project's folder, with `app.py` and `node_modules`.
        workflow: the settings file.
        data: the user's own files, or None for the sample.
        evaluation: the files of `data.evaluation_set`, where the settings name one.
        overrides: the execution's input; `{}` runs on the deployed settings.
        run_id: the execution's name.
        requests: how many requests the API and the endpoint answer at the end, each.
        output: the folder of the reports.
    """

    root: Path
    workflow: Path
    data: DataFiles | None = None
    evaluation: DataFiles | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    requests: int = PROBE_REQUESTS
    output: Path = Path("runs")

    @property
    def state(self) -> Path:
        """The folder for what is kept between runs and is nobody's output."""
        return state_folder(self.root)


@dataclass(frozen=True)
class Begun:
    """An execution in a deployed account, and the attempt that follows it.

    Events up to `seen` are of before, and it was in `step` then.
    """

    emulator: Emulator
    outputs: dict[str, str]
    arn: str
    attempt: Recorder
    seen: int = 0
    step: str | None = None


@dataclass(frozen=True)
class Finished:
    """A run that came to its end, well or not, with what a report needs.

    Attributes:
        outcome: how the execution ended.
        outputs: the stacks' outputs, by name.
        probed: what the requests to the deployed model showed; None where none was deployed, or `error` says why.
        events: the file of `twin.events`.
        error: why the deployed model could not be used.
        attempts: the commands that it took, this one last.
    """

    outcome: Outcome
    outputs: dict[str, str]
    probed: Probed | None
    events: Path
    error: Exception | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the execution succeeded and what it deployed answers."""
        return self.outcome.status == "SUCCEEDED" and self.error is None


def new_run_id() -> str:
    """Return an execution name that sorts by time and does not repeat."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def new_board() -> Board:
    """Return a board with every step of a run, in order."""
    board = Board()
    for name, label in {**SETUP_STEPS, **STEPS, USE_STEP: "Use the deployed model"}.items():
        board.add(name, label)
    return board


def run(
    settings: Settings,
    options: Options,
    board: Board,
    after: Callable[[Emulator, Finished], None],
) -> Finished:
    """Run the workflow once and hand the still running emulator to `after`, which writes the report.

    A failed execution is no error here: its outcome says so; nor is a deployed model that cannot be used, which
    is in `error`. What fails before it, raises its own error (`SynthesisFailed`, `EmulatorError`…), and the board
    shows at which step.
    """
    since, run_id = datetime.now(UTC), options.run_id or new_run_id()
    board.tell(news.Begun(run_id))
    with ExitStack() as stack:
        stack.enter_context(CpuMeter(os.getpid(), board))
        deployed_from = options.workflow.read_bytes()
        with board.step("Synthesize"):
            assembly = synthesize(options.root, options.workflow, ENVIRONMENT, options.state / f"cdk.out.{ENVIRONMENT}")
        with board.step("StartEmulator"):
            folder = emulator_folder(options.root)
            account = new_account(folder)
            attempt = stack.enter_context(attempted(folder, board, since))
            emulator = stack.enter_context(account)
        stack.push(attempt.ended_by)
        deploy_stacks(emulator, assembly, board)
        outputs = staging.stack_outputs(emulator, ENVIRONMENT)
        stage(emulator, settings, options, outputs, board)
        arn = execution_arn(outputs["StateMachineArn"], run_id)
        LastRun(arn, options.output, options.overrides, deployed_from).remember(emulator.work_dir)
        start(emulator, outputs["StateMachineArn"], run_id, options.overrides)
        return conclude(Begun(emulator, outputs, arn, attempt), settings, options, board, after)


def conclude(
    begun: Begun, settings: Settings, options: Options, board: Board, after: Callable[[Emulator, Finished], None]
) -> Finished:
    """Follow an execution to its end and use what it deployed; `after` is as for `run`."""
    outcome = follow(begun.emulator, begun.arn, board, begun.seen, begun.step)
    probed, error = None, None
    if outcome.status == "SUCCEEDED":
        try:
            with board.step(USE_STEP) as show:
                probed = use(begun.emulator, settings, options, outcome, begun.outputs, show)
        except Exception as caught:  # whatever it was, the report of the whole run is not to be lost to it
            error = caught
    board.skip_what_waits()
    begun.attempt.end(outcome.status, outcome.cause, gave_up=outcome.gave_up)
    finished = Finished(outcome, begun.outputs, probed, begun.emulator.events_file, error, begun.attempt.all())
    after(begun.emulator, finished)
    return finished


def deploy_stacks(emulator: Emulator, assembly: Path, board: Board) -> None:
    """Bootstrap the account and deploy every stack, counting the stacks as they come up."""
    total = len(list(assembly.glob("Fourfold-*.template.json")))
    done = 0
    with board.step("DeployStacks") as show:

        def count(line: str) -> None:
            nonlocal done
            if line.strip().startswith("✅"):
                done += 1
            show(Progress("deploy", min(done, total), total, "stacks"))

        show(Progress("bootstrap", 0, total, "stacks"))
        deployment.bootstrap(emulator)
        deployment.deploy(emulator, assembly, count)


def dataset(settings: Settings, options: Options) -> str:
    """Return the name of the run's data set: the one that its input names, or else the settings' own."""
    return str(options.overrides.get("dataset", settings.data.dataset))


def stage(emulator: Emulator, settings: Settings, options: Options, outputs: dict[str, str], board: Board) -> None:
    """Upload the data set and, where the run tunes a model, that model's weights."""
    with board.step("StageData") as show:
        data = options.data or find_data_files("--data", [sample(options.state, show)])
        staging.upload_data(emulator, outputs["RawBucketName"], dataset(settings, options), data.files, show)
        if options.evaluation:
            test_set = settings.data.evaluation_set
            staging.upload_data(emulator, outputs["RawBucketName"], test_set, options.evaluation.files, show)
    if not settings.tuning.enabled:
        return
    with board.step("StageModel") as show:
        folder = base_checkpoint(
            options.state / "cache", lambda done, total: show(Progress("convert", done, total, "tensors"))
        )
        prefix = f"base/{settings.tuning.model}"
        staging.upload_folder(emulator, outputs["ModelsBucketName"], prefix, folder, show)


def sample(state: Path, show: staging.Show) -> Path:
    """Return the sample data set, writing it where this machine does not have it yet."""
    path = state / "cache" / "aws-api-documentation.jsonl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sample(path, progress=lambda done, total: show(Progress("sample", done, total, "services")))
    return path


def use(
    emulator: Emulator,
    settings: Settings,
    options: Options,
    outcome: Outcome,
    outputs: dict[str, str],
    show: Callable[[Progress], None],
) -> Probed:
    """Ask the deployed API and endpoint to answer records that training never saw.

    Raises what `probe` raises.
    """
    prefix = f"{outcome.results['ResolveRun']['curated_prefix']}test/"
    target = json.loads(outcome.output["target"])
    endpoint = None
    if target["kind"] == "sagemaker":
        endpoint = Endpoint(target["endpoint"], emulator.client("sagemaker-runtime"))
    wanted = options.requests * (2 if endpoint else 1)
    return probe(
        deployed_api(emulator, outputs),
        endpoint,
        settings,
        target,
        choose(curated(emulator, outputs["CuratedBucketName"], prefix, POOL), wanted),
        lambda done, total: show(Progress("request", done, total, "requests")),
    )


def deployed_api(emulator: Access, outputs: dict[str, str]) -> Api:
    """Return the deployed API, asked as the account's root user."""
    session = emulator.session()
    url = emulator.api_url(outputs["RestApiId"], urlsplit(outputs["ApiUrl"]).path.strip("/"))
    return Api(url, session.region_name, session.get_credentials())


def choose(records: list[Record], count: int) -> list[Record]:
    """Choose up to `count` records among the shorter half: a text may be longer than the API or the model reads."""
    by_length = sorted(records, key=lambda record: (len(record["messages"][-2]["content"]), record["record_id"]))
    shorter = by_length[: max(count, len(by_length) // 2)]
    return sorted(shorter, key=lambda record: str(record["record_id"]))[:count]


def curated(emulator: Emulator, bucket: str, prefix: str, limit: int) -> list[Record]:
    """Return the first curated records under a prefix."""
    client, records = emulator.client("s3"), []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            body = client.get_object(Bucket=bucket, Key=found["Key"])["Body"]
            for line in body.iter_lines():
                records.append(json.loads(line))
                if len(records) == limit:
                    return records
    return records
