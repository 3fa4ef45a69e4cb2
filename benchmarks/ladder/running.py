"""The ladder through the state machine, in an account of the twin: deploy, run once, and give what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.ladder import task
from benchmarks.ladder.scripted import Messages, ScriptedModel, asked
from cdk_app.settings import load_settings
from twin.emulator import Emulator
from twin.report.artefacts import Artefacts
from twin.run import session, staging
from twin.run.data_files import DataFile, find_data_files
from twin.run.execution import Outcome, follow, start
from twin.run.synthesis import synthesize

RUN = "ladder"
POOL = 100_000


@dataclass(frozen=True)
class Ladder:
    """What a run gave: how it ended, and the figures of every candidate, in the order of the settings."""

    outcome: Outcome
    candidates: list[dict[str, Any]]

    @property
    def verdicts(self) -> dict[int, dict[str, Any]]:
        """What was decided about each, by its place."""
        return {verdict["index"]: verdict for verdict in self.outcome.results["SelectModel"]["verdicts"]}

    def of_import(self, name: str) -> dict[str, Any]:
        """The figures of a planted candidate."""
        return next(found for found in self.candidates if found["model_id"].endswith(name))


class Curated:
    """What the oracle knows: the targets of the prepared records, read when it is first asked."""

    def __init__(self) -> None:
        self.emulator: Emulator | None = None
        self.bucket = ""
        self._targets: dict[str, str] = {}

    def target(self, messages: Messages) -> str:
        """Give the target of the record that is asked for."""
        if not self._targets and self.emulator is not None:
            for split in ("validation", "test"):
                prefix = f"{task.DATASET}/run={RUN}/{split}/"
                for record in session.curated(self.emulator, self.bucket, prefix, POOL):
                    *_, question, answer = (message["content"] for message in record["messages"])
                    self._targets[question] = answer
        return self._targets.get(asked(messages), "")


def copied(messages: Messages) -> str:
    """Give the text again, without the instruction."""
    return asked(messages).split("\n\n", 1)[1]


@contextmanager
def ladder(root: Path, folder: Path, records: int, sample: int, documents: int) -> Iterator[Ladder]:
    """Run the ladder on `sample` of some `records` of the sample data, and keep the account up meanwhile."""
    data, services, settings_file = folder / "data.jsonl", folder / "services.jsonl", folder / "workflow.yaml"
    settings_file.write_text(yaml.safe_dump(task.workflow(root, sample)), encoding="utf-8")
    settings = load_settings(settings_file, session.ENVIRONMENT)
    task.write_data(session.sample(session.state_folder(root), lambda _: None), data, records)
    task.write_documents(services, documents)
    assembly = synthesize(root, settings_file, session.ENVIRONMENT, folder / "cdk.out")
    known, board = Curated(), session.new_board()
    with ExitStack() as stack:
        planted = {
            task.ORACLE: ScriptedModel(known.target),
            task.SLOW_ORACLE: ScriptedModel(known.target, seconds=task.SLOWER_S),
            task.COPIER: ScriptedModel(copied),
        }
        servers = {name: stack.enter_context(model).url for name, model in planted.items()}
        emulator = stack.enter_context(Emulator(folder / "emulator", model_servers=servers))
        session.deploy_stacks(emulator, assembly, board)
        outputs = staging.stack_outputs(emulator, session.ENVIRONMENT)
        known.emulator, known.bucket = emulator, outputs["CuratedBucketName"]
        options = session.Options(root, settings_file, find_data_files("--data", [data]))
        session.stage(emulator, settings, options, outputs, board)
        files = [DataFile("services.jsonl", services)]
        staging.upload_data(emulator, outputs["RawBucketName"], task.DOCUMENTS, files, lambda _: None)
        outcome = follow(emulator, start(emulator, outputs["StateMachineArn"], RUN, {}), board)
        artefacts = Artefacts(emulator.client("s3"), outputs, task.DATASET, RUN)
        yield Ladder(outcome, sorted(artefacts.candidates(), key=lambda found: found["index"]))
