"""`fourfold artifacts`: every form that the model of a run on this machine is served in, checked and in one folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from cdk_app.settings.tuning import Quantization
from cli.say import say
from cli.show import shown
from twin.events import parse_progress
from twin.processes import run_process
from twin.run.board import Board, Status
from twin.run.claim import claimed_for_reading
from twin.run.last_run import last_run
from twin.run.preflight import RunRefused
from twin.run.session import emulator_folder, state_folder
from twin.run.standing import standing
from twin.run.tracker import progress_of
from twin.run.tuned import NothingTrained, NoTunedModel, Tuned, tuned_model

PROJECT = Path(__file__).resolve().parent.parent
SCRIPT = "pipelines.tuning.artifacts"
REPORT = "artifacts.json"
STEP = "Artifacts"
_ERROR = "ERROR: "
_MAKES_NO_SENSE = 2


class ArtifactsRefused(Exception):
    """What is asked for cannot be made, and nothing has begun; the text says why, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """What the user asks for.

    Attributes:
        run: the run's id, or its folder of reports; empty for the last run.
        output: the folder to write; None for `artifacts` beside the run's report.
        quantizations: llama.cpp's names for them.
        tolerance: how far each may be off, in nats by answer token; None for what the run's settings say.
    """

    run: str
    output: Path | None
    quantizations: Sequence[str]
    tolerance: float | None


def write_artifacts(root: Path, wanted: Wanted, console: Console) -> int:
    """Write the artifacts of a run and say where they are. Return the command's exit code.

    Raises:
        ArtifactsRefused: there is no such run, model or quantization, or the output is taken.
        RunRefused: a run is starting, which clears what the artifacts are made of.
    """
    known = get_args(Quantization)
    if unknown := [name for name in wanted.quantizations if name not in known]:
        raise ArtifactsRefused(f"--quantization {', '.join(unknown)} is not known; these are: {', '.join(known)}.")
    with _kept_for_reading(root):
        tuned, output = _found(root, wanted)
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise ArtifactsRefused(f"{output} is there already. Remove it, or name a new folder with --output.")
        code, error = _make(tuned, output, wanted, console)
    if (output / REPORT).is_file():
        show(json.loads((output / REPORT).read_text(encoding="utf-8")), output, console)
    if error:
        say(error, Console(stderr=True), "red")
    return code


@contextmanager
def _kept_for_reading(root: Path) -> Iterator[None]:
    """As `claimed_for_reading`, and where a run goes on that is the last one, say how far it is."""
    try:
        with claimed_for_reading(state_folder(root)):
            yield
    except RunRefused:
        stands = standing(emulator_folder(root))
        if stands is None or not stands.at_work:
            raise
        raise ArtifactsRefused(f"{stands} Artifacts can be made when it has ended.") from None


def _found(root: Path, wanted: Wanted) -> tuple[Tuned, Path]:
    """Return what the run trained, and the folder for what is made of it."""
    account = emulator_folder(root)
    last = last_run(account)
    if last is None:
        raise ArtifactsRefused("No run on this machine has come to its workflow. `fourfold run` starts one.")
    folder = Path(wanted.run) if Path(wanted.run).name != wanted.run else None
    if folder is not None and not folder.is_dir():
        raise ArtifactsRefused(f"There is no folder {folder}. Name a run by its id, or by its folder under runs/.")
    run_id = Path(wanted.run).name or last.run_id
    output = wanted.output or (folder or last.output / run_id) / "artifacts"
    try:
        return tuned_model(account, last, run_id), output.absolute()
    except NothingTrained as error:
        stands = standing(account)
        unreported = stands is not None and not stands.reported
        raise ArtifactsRefused(f"There is no trained model yet. {stands}" if unreported else str(error)) from None
    except NoTunedModel as error:
        raise ArtifactsRefused(str(error)) from None


def _make(tuned: Tuned, output: Path, wanted: Wanted, console: Console) -> tuple[int, str]:
    """Have the artifacts written by a process of its own. Return an exit code, and what went wrong if anything did."""
    board = Board()
    board.add(STEP, "Make the artifacts")
    said: list[str] = []

    def hear(line: str, _stream: str) -> None:
        if progress := parse_progress(line):
            board.advance(STEP, progress_of(progress))
        elif line.startswith(_ERROR):
            said.append(line.removeprefix(_ERROR))

    with shown(board, console):
        board.start(STEP)
        try:
            ended = run_process(_command(tuned, output, wanted), env=os.environ, cwd=PROJECT, on_line=hear)
        except BaseException:
            board.finish(STEP, Status.FAILED)
            raise
        board.finish(STEP, Status.FAILED if ended.returncode else Status.SUCCEEDED)
    if not ended.returncode:
        return 0, ""
    error = said or [f"{SCRIPT} ended with status {ended.returncode}. Its last lines:", *ended.tail]
    return (_MAKES_NO_SENSE if ended.returncode == _MAKES_NO_SENSE else 1), "\n".join(error)


def _command(tuned: Tuned, output: Path, wanted: Wanted) -> list[str]:
    places = {"base": tuned.base, "model": tuned.archive, "examples": tuned.validation, "output": output}
    tolerance = tuned.tolerance if wanted.tolerance is None else wanted.tolerance
    return [
        *(sys.executable, "-m", SCRIPT),
        *(f"--{name}={path.absolute()}" for name, path in places.items()),
        *("--quantizations", *wanted.quantizations, f"--tolerance={tolerance}"),
    ]


def show(report: dict[str, Any], output: Path, console: Console) -> None:
    """Print what each form is for, its size, and of a quantization how far it is off."""
    if (output / "adapter").is_dir():
        say(f"{'adapter/':<17} {_size(output / 'adapter')}  PEFT, vLLM and LMI with LoRA", console)
    if merged := report["merged"]:
        off = f"loss {merged['loss']:.4f}, {merged['distance']:.4f} off, as {merged['dtype']}"
        say(f"{'merged/':<17} {_size(output / 'merged')}  transformers, vLLM, LMI, Bedrock: {off}", console)
    for each in report["quantized"]:
        off = f"loss {each['quantized_loss']:.4f}, {each['distance']:.4f} off; {each['tolerance']:g} is allowed"
        say(f"{each['file']:<17} {_megabytes(each['bytes'])}  llama.cpp: {off}", console)
    own = "no number" if report["loss"] is None else f"{report['loss']:.4f}"
    say(f"The model's own loss on {report['examples']} validation records: {own}", console)
    say(f"\n{output}", console)


def _size(folder: Path) -> str:
    return _megabytes(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:7.1f} MB"
