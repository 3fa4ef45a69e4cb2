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
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cdk_app.settings import Settings
from twin import deployment
from twin.emulator import Emulator
from twin.run import staging
from twin.run.account import new_account
from twin.run.board import Board, Progress
from twin.run.cpu import CpuMeter
from twin.run.execution import STEPS, Outcome, follow, start
from twin.run.probe import Probed, probe
from twin.run.synthesis import synthesize
from twin.sample_data import write_sample
from twin.weights import base_checkpoint

ENVIRONMENT = "twin"
PROBE_REQUESTS = 8
SETUP_STEPS = {
    "Synthesize": "Synthesize the templates (CDK)",
    "StartEmulator": "Start the emulator, IAM enforced",
    "DeployStacks": "Deploy the stacks (CDK CLI)",
    "StageData": "Upload the data set",
    "StageModel": "Upload the base model",
}
USE_STEP = "Use"


@dataclass(frozen=True)
class Options:
    """What the user chose for one run.

    Attributes:
        root: the project's folder, with `app.py` and `node_modules`.
        workflow: the settings file.
        data: the user's own JSONL, or None for the sample.
        overrides: the execution's input; `{}` runs on the deployed settings.
        run_id: the execution's name.
        requests: how many requests the deployed API answers at the end.
    """

    root: Path
    workflow: Path
    data: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    requests: int = PROBE_REQUESTS

    @property
    def state(self) -> Path:
        """The folder for what is kept between runs and is nobody's output."""
        return self.root / ".fourfold"


@dataclass(frozen=True)
class Finished:
    """A run that came to its end, well or not, with what a report needs."""

    outcome: Outcome
    outputs: dict[str, str]
    probed: Probed | None
    events: Path


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

    A failed execution is no error here: its outcome says so. What fails before it, raises its own error
    (`SynthesisFailed`, `DeploymentFailed`…), and the board shows at which step.
    """
    with ExitStack() as stack:
        stack.enter_context(CpuMeter(os.getpid(), board))
        with board.step("Synthesize"):
            assembly = synthesize(options.root, options.workflow, ENVIRONMENT, options.state / f"cdk.out.{ENVIRONMENT}")
        with board.step("StartEmulator"):
            emulator = stack.enter_context(new_account(options.state / "emulator"))
        deploy_stacks(emulator, assembly, board)
        outputs = staging.stack_outputs(emulator, ENVIRONMENT)
        stage(emulator, settings, options, outputs, board)
        run_id = options.run_id or new_run_id()
        arn = start(emulator, outputs["StateMachineArn"], run_id, options.overrides)
        outcome = follow(emulator, arn, board)
        probed = None
        if outcome.status == "SUCCEEDED":
            with board.step(USE_STEP) as show:
                probed = use(emulator, settings, options, outcome, outputs, show)
        board.skip_what_waits()
        finished = Finished(outcome, outputs, probed, emulator.events_file)
        after(emulator, finished)
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


def stage(emulator: Emulator, settings: Settings, options: Options, outputs: dict[str, str], board: Board) -> None:
    """Upload the data set and, where the run tunes a model, that model's weights."""
    with board.step("StageData") as show:
        path = options.data or sample(options.state, show)
        staging.upload_data(emulator, outputs["RawBucketName"], settings.data.dataset, path)
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
    """Ask the deployed API and endpoint to answer records that training never saw."""
    prefix = f"{settings.data.dataset}/run={outcome.run_id}/test/"
    records = curated(emulator, outputs["CuratedBucketName"], prefix, options.requests)
    current = staging.stack_outputs(emulator, ENVIRONMENT)  # the endpoint appears only once it is deployed
    url = emulator.api_url(current["RestApiId"], urlsplit(current["ApiUrl"]).path.strip("/"))
    return probe(
        emulator,
        url,
        current.get("EndpointName"),
        records,
        lambda done, total: show(Progress("request", done, total, "requests")),
    )


def curated(emulator: Emulator, bucket: str, prefix: str, limit: int) -> list[dict[str, Any]]:
    """Return the first curated records under a prefix."""
    client, records = emulator.client("s3"), []
    for found in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        body = client.get_object(Bucket=bucket, Key=found["Key"])["Body"]
        for line in body.iter_lines():
            records.append(json.loads(line))
            if len(records) == limit:
                return records
    return records
