"""`fourfold`: parse, call, show. Everything it does lives elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cdk_app.settings import SettingsError, load_settings
from cli import run_commands
from cli.application import ROOT, RUN_ID, WorkflowFile, app, at_terminal, console, fail, interruptible
from cli.say import say

# Imported, `run_commands` has added its commands to the application; its own come after them.
__all__ = ["RUN_ID", "app", "run_commands"]


@app.callback(invoke_without_command=True)
def about(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Say what stands for the command as a whole."""
    if show_version:
        say(f"fourfold {version('fourfold')}", console)
        raise typer.Exit


@contextmanager
def explained() -> Iterator[None]:
    """Make one message of what a command finds that its user can do something about."""
    with interruptible():
        from cli.errors import exit_code, explain
        from twin.run.session import emulator_folder

        try:
            yield
        except Exception as error:
            message = explain(error, emulator_folder(ROOT) / "emulator.log")
            if message is None:
                raise
            raise fail(message, exit_code(error)) from None


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
        except SettingsError as error:
            raise fail("\n".join(f"Error: {problem}" for problem in error.problems), 2) from None
        except SynthesisFailed as error:
            raise fail(str(error), 2) from None
    for template in sorted(assembly.glob("*.template.json")):
        say(template.relative_to(ROOT), console)


@app.command("check-data")
def check_training_data(
    files: Annotated[
        list[Path],
        typer.Argument(help="Training data: .jsonl or .jsonl.gz files, or folders of them.", metavar="FILE..."),
    ],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="chat, prompt-completion, conversation, messages, pre-training, or auto: by the first record.",
        ),
    ] = "auto",
    model: Annotated[
        str, typer.Option(help="The model to train, by its name in `fourfold models`: its limits are checked too.")
    ] = "",
    validation: Annotated[Path | None, typer.Option(help="Validation data, likewise.")] = None,
    show: Annotated[
        int | None,
        typer.Option(help="Most lines to list of each reason: 20 on a terminal, 100,000 in a pipe by default.", min=1),
    ] = None,
) -> None:
    """Say which lines of training data Bedrock or SageMaker would refuse, why, and what to do.

    Data that is still to be prepared is looked at by `fourfold run --data`.
    """
    with interruptible():
        from cli.check_data import UnreadableData, check_data
        from cli.trained_model import WrongUsage

        try:
            code = check_data(files, validation, form, model, show, console)
        except WrongUsage as error:
            raise fail(str(error), 2) from None
        except (UnreadableData, OSError) as error:
            raise fail(str(error)) from None
    raise typer.Exit(code)


@app.command()
def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="A model, for all that is known of it; several, side by side; or `refresh`, to ask AWS.",
            metavar="MODEL",
        ),
    ] = None,
    provider: Annotated[str, typer.Option(help="Part of the provider's name.")] = "",
    kind: Annotated[str, typer.Option(help="chat, embedding, image or rerank.")] = "",
    modality: Annotated[str, typer.Option(help="What it reads or writes: text, image, audio, video…")] = "",
    region: Annotated[
        str, typer.Option(help="Where Bedrock answers with it; with --customizable, where it is customized so.")
    ] = "",
    max_price: Annotated[
        float | None,
        typer.Option(
            help="Most USD of a million tokens, in and out each, by every way to ask the model, in --region or "
            "anywhere. Of --kind image it is of an image, of rerank of a query; what is billed by time is left out.",
            min=0,
        ),
    ] = None,
    customizable: Annotated[str, typer.Option(help="fine-tuning, distillation, import…", metavar="METHOD")] = "",
    licence: Annotated[str, typer.Option(help="Part of the licence's name.")] = "",
    min_context: Annotated[int | None, typer.Option(help="Least tokens of prompt and answer.", min=1)] = None,
    runs_on: Annotated[str, typer.Option(help="bedrock, bedrock-import, sagemaker or function.")] = "",
    streaming: Annotated[bool, typer.Option("--streaming", help="Whose answers Bedrock sends in parts.")] = False,
    tool_use: Annotated[bool, typer.Option("--tool-use", help="What can ask for tools.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, with its sources, as JSON.")] = False,
    write: Annotated[bool, typer.Option("--write", help="With `refresh`: keep AWS's answer and show it.")] = False,
) -> None:
    """Show the models that AWS offers: limits, prices, regions, licences, and where each fact was read."""
    with interruptible():
        from cdk_app.catalogue.account import Unreachable
        from cdk_app.catalogue.observation import UnreadableObservation
        from cli.model_options import REFRESH, WrongUsage, check_combination, query_of
        from cli.models import catalogue, list_models, refresh, tell_of_models

        state = ROOT / ".fourfold"
        filters = {"provider": provider, "kind": kind, "modality": modality, "region": region, "max_price": max_price}
        filters |= {"customizable": customizable, "licence": licence, "min_context": min_context}
        filters |= {"runs_on": runs_on, "streaming": streaming, "tool_use": tool_use}
        code = 0
        try:
            check_combination(names or (), filters, as_json=as_json, write=write)
            if names == [REFRESH]:
                code = refresh(region or None, write, state, console)
            elif names:
                tell_of_models(names, region or None, as_json, state, console)
            else:
                code = list_models(
                    query_of(filters, catalogue(state)[0].values()), as_json, state, console, Console(stderr=True)
                )
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
def serve(
    user: Annotated[str, typer.Option(help="The e-mail address to sign in to the page with.")] = "you@example.com",
    choose_password: Annotated[
        bool, typer.Option("--choose-password", help="Ask for the password; by default one is made up and shown once.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Of the API and the page; by default the one that they had before, where it is free."
        ),
    ] = None,
) -> None:
    """Serve what the last run deployed on this machine, the page too, over HTTP, until Ctrl-C."""
    if choose_password and not at_terminal():
        wrong = "--choose-password asks for it at a terminal, and the standard input is none."
        raise fail(f"{wrong} Leave it out: a password is made up then, and shown once.", 2)
    with explained():
        from cli.serving import serve_model

        serve_model(ROOT, console, user, choose_password, port)


@app.command("partner-key")
def show_key(
    name: Annotated[
        str,
        typer.Argument(
            help="The partner, as in the settings, or the key's name; it may be left out where there is but one."
        ),
    ] = "",
) -> None:
    """Print a partner's API key to what `fourfold serve` serves on this machine: the key alone, as for $(…)."""
    with explained():
        from cli.serving import show_partner_key

        show_partner_key(ROOT, name, console)


@app.command("credentials")
def show_credentials() -> None:
    """Print, for a shell's `eval`, what sends clients of AWS to what `fourfold serve` serves on this machine."""
    with explained():
        from cli.credentials import show_credentials as show

        show(ROOT, console)


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
