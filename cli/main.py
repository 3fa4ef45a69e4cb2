"""`fourfold`: parse, call, show. Everything it does lives elsewhere."""

from __future__ import annotations

import json
import re
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cdk_app.settings import SettingsError, examine_settings, load_settings
from cli.say import say

app = typer.Typer(
    help="From text to a deployed model: the four steps, on this machine, from the templates that deploy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=False)
ROOT = Path(__file__).resolve().parent.parent
# What the workflow takes for the name of an execution: it becomes part of keys and of job names.
RUN_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,78}[A-Za-z0-9])?")

WorkflowFile = Annotated[Path, typer.Option("--workflow", help="The settings file.", dir_okay=False)]


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print an error where errors go and return the exit to raise."""
    say(message, Console(stderr=True), "red")
    return typer.Exit(code)


@app.callback(invoke_without_command=True)
def about(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Say what stands for the command as a whole."""
    if show_version:
        say(f"fourfold {version('fourfold')}", console)
        raise typer.Exit


@contextmanager
def interruptible(advice: Callable[[], str] = str) -> Iterator[None]:
    """Make of Ctrl-C one line and the exit code 130; whatever the block started ends with the block.

    `advice` says how to go on, if it has anything to say.
    """
    try:
        yield
    except KeyboardInterrupt:
        message = f"Interrupted: everything that was started has been stopped. {advice()}"
        raise fail(message.strip(), 130) from None


@contextmanager
def explained() -> Iterator[None]:
    """Make one message of what a command finds that its user can do something about."""
    with interruptible():
        from cli.errors import explain
        from twin.run.session import emulator_folder

        try:
            yield
        except Exception as error:
            message = explain(error, emulator_folder(ROOT) / "emulator.log")
            if message is None:
                raise
            raise fail(message) from None


@app.command()
def run(
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Your own JSON Lines, CSV or Parquet, or a folder of them; may be given several times."),
    ] = None,
    evaluation_data: Annotated[
        list[Path] | None,
        typer.Option(help="The files of data.evaluation_set, the test set, where the settings name one; as --data."),
    ] = None,
    workflow: WorkflowFile = ROOT / "workflow.yaml",
    override: Annotated[
        str, typer.Option(help='The execution\'s input, as JSON: \'{"tuning": {"epochs": 2}}\'.')
    ] = "{}",
    run_id: Annotated[str, typer.Option(help="A name for the run; made from the time by default.")] = "",
    output: Annotated[Path, typer.Option(help="Where the report goes.", file_okay=False)] = Path("runs"),
) -> None:
    """Run prepare → select → tune → deploy on this machine and write the report."""
    if run_id and not RUN_ID.fullmatch(run_id):
        rule = "1 to 80 letters, digits, hyphens and underscores, a letter or a digit at both ends"
        raise fail(f"{run_id!r} cannot be a run's id: it takes {rule}.", 2)
    if run_id and (output / run_id).exists():
        raise fail(f"There is a report of a run {run_id} in {output} already. Give the run another id.", 2)
    overrides = parse_override(override)
    try:
        examined = examine_settings(workflow, "twin")
    except SettingsError as error:
        raise fail("\n".join(f"Error: {problem}" for problem in error.problems), 2) from None
    begun_ns = time.time_ns()
    with interruptible(lambda: how_to_go_on(begun_ns)):
        from cli.run import run_workflow  # the twin's packages load for seconds; --help need not wait
        from twin.run.preflight import RunRefused, marked

        try:
            code = run_workflow(
                examined, workflow, data or [], evaluation_data or [], overrides, run_id, output, console
            )
        except RunRefused as error:
            raise fail("\n".join(marked(error.problems, error.notices)), 2) from None
    raise typer.Exit(code)


@app.command()
def resume() -> None:
    """Go on with the last run where it was stopped: what it has done is not done again."""
    with interruptible(how_to_go_on):
        from cli.run import resume_run
        from twin.run.preflight import RunRefused
        from twin.run.resuming import NothingToResume

        try:
            code = resume_run(console)
        except (RunRefused, NothingToResume) as error:
            raise fail(str(error), 2) from None
    raise typer.Exit(code)


def how_to_go_on(since_ns: int = 0) -> str:
    """Say what goes on with a run that has been interrupted; nothing where its workflow had not begun since then."""
    from twin.run.last_run import can_go_on
    from twin.run.session import emulator_folder

    return "`fourfold resume` goes on with the run." if can_go_on(emulator_folder(ROOT), since_ns) else ""


def parse_override(text: str) -> dict[str, Any]:
    """Return the execution's input, or leave with what is wrong about it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # beside what is no JSON, a number of thousands of digits
        raise fail(f"--override is not JSON: {error}", 2) from None
    if not isinstance(value, dict):
        raise fail('--override must be a JSON object, such as \'{"tuning": {"epochs": 2}}\'.', 2)
    return value


@app.command()
def report(
    run_id: Annotated[str, typer.Argument(help="The run; the latest by default.")] = "",
    output: Annotated[Path, typer.Option(help="Where the reports are.", file_okay=False)] = Path("runs"),
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show a run's figures in the terminal and say where its page is."""
    from cli.figures import show_figures
    from twin.run.session import emulator_folder
    from twin.run.standing import standing

    stands = standing(emulator_folder(ROOT))
    unfinished = stands if stands and stands.unfinished and run_id in ("", stands.run.run_id) else None
    folders = sorted(path.parent for path in output.glob("*/report.json"))
    chosen = [folder for folder in folders if run_id in ("", folder.name)]
    if not chosen:
        if unfinished:
            raise fail(f"There is no report of the last run yet. {unfinished}", 2)
        raise fail(f"There is no report {run_id or ''} in {output}. `fourfold run` makes one.".replace("  ", " "), 2)
    latest = max(chosen, key=lambda folder: (folder / "report.json").stat().st_mtime)
    if unfinished:
        say(f"Notice: {unfinished} This is the report of {latest.name}.", Console(stderr=True))
    show_figures(json.loads((latest / "report.json").read_text()), console)
    page = (latest / "report.html").resolve()
    say(f"\n{page}", console)
    if open_page:
        webbrowser.open(page.as_uri())


@app.command()
def synth(
    environment: Annotated[str, typer.Argument(help="dev, prod or twin.")] = "dev",
    workflow: WorkflowFile = ROOT / "workflow.yaml",
) -> None:
    """Synthesize the templates, offline, and say where they are."""
    with interruptible():
        from twin.run.synthesis import SynthesisFailed, synthesize

        try:
            load_settings(workflow, environment)
            assembly = synthesize(ROOT, workflow, environment, ROOT / "cdk.out")
        except (SettingsError, SynthesisFailed) as error:
            raise fail(str(error), 2) from None
    for template in sorted(assembly.glob("*.template.json")):
        say(template.relative_to(ROOT), console)


@app.command("check-data")
def check_training_data(
    files: Annotated[list[Path], typer.Argument(help="Training data, .jsonl or .jsonl.gz.", metavar="FILE...")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="chat, prompt-completion, conversation, messages, pre-training, or auto: by the first record.",
        ),
    ] = "auto",
    model: Annotated[str, typer.Option(help="The model to train, such as nova-lite: its limits are checked too.")] = "",
    validation: Annotated[Path | None, typer.Option(help="Validation data.", dir_okay=False)] = None,
    show: Annotated[int, typer.Option(help="Most lines to list of each reason.", min=1)] = 20,
) -> None:
    """Say which lines of training data Bedrock or SageMaker would refuse, why, and what to do.

    Data that is still to be prepared is looked at by `fourfold run --data`.
    """
    with interruptible():
        from cli.check_data import UnreadableData, WrongUsage, check_data

        try:
            code = check_data(files, validation, form, model, show, console)
        except WrongUsage as error:
            raise fail(str(error), 2) from None
        except (UnreadableData, OSError) as error:
            raise fail(str(error)) from None
    raise typer.Exit(code)


@app.command()
def models(
    model: Annotated[
        str, typer.Argument(help="A model, for all that is known of it; or `refresh`, to ask AWS.", metavar="[MODEL]")
    ] = "",
    provider: Annotated[str, typer.Option(help="Part of the provider's name.")] = "",
    kind: Annotated[str, typer.Option(help="chat, embedding, image or rerank.")] = "",
    modality: Annotated[str, typer.Option(help="What it reads or writes: text, image, audio, video…")] = "",
    region: Annotated[
        str, typer.Option(help="Where Bedrock answers with it; with --customizable, where it is customized so.")
    ] = "",
    max_price: Annotated[
        float | None, typer.Option(help="Most USD of a million tokens, in and out each; else of a unit.", min=0)
    ] = None,
    customizable: Annotated[str, typer.Option(help="fine-tuning, distillation, import…", metavar="METHOD")] = "",
    licence: Annotated[str, typer.Option(help="Part of the licence's name.")] = "",
    min_context: Annotated[int | None, typer.Option(help="Least tokens of prompt and answer.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, with its sources, as JSON.")] = False,
    write: Annotated[bool, typer.Option("--write", help="With `refresh`: keep AWS's answer and show it.")] = False,
) -> None:
    """Show the models that AWS offers: limits, prices, regions, licences, and where each fact was read."""
    with interruptible():
        from cdk_app.catalogue.account import Unreachable
        from cdk_app.catalogue.observation import UnreadableObservation
        from cli.models import REFRESH, WrongUsage, list_models, query_of, refresh, tell_of_model

        state = ROOT / ".fourfold"
        filters = {"provider": provider, "kind": kind, "modality": modality, "region": region, "max_price": max_price}
        filters |= {"customizable": customizable, "licence": licence, "min_context": min_context}
        code = 0
        try:
            if model == REFRESH:
                code = refresh(region or None, write, state, console)
            elif model:
                tell_of_model(model, region or None, as_json, state, console)
            else:
                code = list_models(query_of(filters, state), as_json, state, console, Console(stderr=True))
        except WrongUsage as error:
            raise fail(str(error), 2) from None
        except (Unreachable, UnreadableObservation) as error:
            raise fail(str(error)) from None
    raise typer.Exit(code)


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="The text; read from the standard input by default.")] = None,
) -> None:
    """Let the model that the last run deployed on this machine do its task on a text."""
    with explained():
        asked = text_of_input() if text is None else text
        if not asked.strip():
            raise fail("There is no text: give it as the argument, or on the standard input.", 2)
        from cli.serving import ask_model

        ask_model(ROOT, asked, console)


def text_of_input() -> str:
    """Return the text on the standard input, or leave with what is wrong about it."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise fail(f"The standard input is not UTF-8: {error.reason} at byte {error.start}.", 2) from None


@app.command()
def serve() -> None:
    """Serve what the last run deployed on this machine, over HTTP, until Ctrl-C."""
    with explained():
        from cli.serving import serve_model

        serve_model(ROOT, console)


@app.command()
def artifacts(
    run: Annotated[str, typer.Argument(help="The run's id or its folder under runs/; the last run by default.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="A new folder; by default `artifacts` beside the run's report.")
    ] = None,
    quantizations: Annotated[
        list[str] | None,
        typer.Option(
            "--quantization",
            help="Of a GGUF file, q8_0, q4_1 or q4_0; by default q8_0 and q4_0; may be given several times.",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Most nats by which a quantization's loss may be off; by default the settings'.", min=0, max=10
        ),
    ] = None,
) -> None:
    """Write every form that the model which a run trained here is served in: adapter, safetensors, GGUF."""
    if run and not RUN_ID.fullmatch(Path(run).name):
        raise fail(f"{run!r} is neither a run's id nor its folder.", 2)
    with explained():
        from cli.artifacts import ArtifactsRefused, Wanted, write_artifacts
        from twin.run.preflight import RunRefused

        try:
            wanted = Wanted(run, output, tuple(quantizations or ("q8_0", "q4_0")), tolerance)
            code = write_artifacts(ROOT, wanted, console)
        except (ArtifactsRefused, RunRefused, SettingsError) as error:
            raise fail(str(error), 2) from None
    raise typer.Exit(code)


@app.command()
def approve(
    name: Annotated[
        str, typer.Option("--as", envvar="USER", help="Who approves, for the record of the run.")
    ] = "a person at this machine",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Let the run that waits for an approval deploy its model."""
    with explained():
        from cli.approval import approve_run

        approve_run(ROOT, name, yes, console)


@app.command()
def reject(why: Annotated[str, typer.Option(help="Why, for the record of the run.")] = "rejected by hand") -> None:
    """End the run that waits for an approval; what is deployed stays as it is."""
    with explained():
        from cli.approval import reject_run

        reject_run(ROOT, why, console)


@app.command()
def destroy() -> None:
    """Remove what the last run deployed on this machine, and list what is kept on purpose."""
    with interruptible():
        from cli.destroy import destroy_deployment

        code = destroy_deployment(ROOT, console)
    raise typer.Exit(code)


if __name__ == "__main__":
    sys.exit(app())
