"""`fourfold`: parse, call, show. Everything it does lives elsewhere."""

from __future__ import annotations

import json
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cdk_app.settings import SettingsError, load_settings

app = typer.Typer(
    help="From text to a deployed model: the four steps, on this machine, from the templates that deploy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=False)
ROOT = Path(__file__).resolve().parent.parent

WorkflowFile = Annotated[Path, typer.Option("--workflow", help="The settings file.", dir_okay=False)]


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print an error where errors go and return the exit to raise."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(code)


@app.command()
def run(
    data: Annotated[
        Path | None,
        typer.Option(help="Your own JSONL; the columns are named in the settings.", dir_okay=False),
    ] = None,
    workflow: WorkflowFile = ROOT / "workflow.yaml",
    override: Annotated[
        str, typer.Option(help='The execution\'s input, as JSON: \'{"tuning": {"epochs": 2}}\'.')
    ] = "{}",
    run_id: Annotated[str, typer.Option(help="A name for the run; made from the time by default.")] = "",
    output: Annotated[Path, typer.Option(help="Where the report goes.", file_okay=False)] = Path("runs"),
) -> None:
    """Run prepare → select → tune → deploy on this machine and write the report."""
    from cli.run import run_workflow  # the twin's packages load for seconds; --help need not wait

    if data is not None and not data.is_file():
        raise fail(f"There is no file {data}.", 2)
    try:
        settings = load_settings(workflow, "twin")
    except SettingsError as error:
        raise fail(str(error), 2) from None
    raise typer.Exit(run_workflow(settings, workflow, data, parse_override(override), run_id, output, console))


def parse_override(text: str) -> dict[str, Any]:
    """Return the execution's input, or leave with what is wrong about it."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
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

    folders = sorted(path.parent for path in output.glob("*/report.json"))
    chosen = [folder for folder in folders if run_id in ("", folder.name)]
    if not chosen:
        raise fail(f"There is no report {run_id or ''} in {output}. `fourfold run` makes one.".replace("  ", " "), 2)
    latest = max(chosen, key=lambda folder: (folder / "report.json").stat().st_mtime)
    show_figures(json.loads((latest / "report.json").read_text()), console)
    page = (latest / "report.html").resolve()
    console.print(f"\n{page}", highlight=False, soft_wrap=True)
    if open_page:
        webbrowser.open(page.as_uri())


@app.command()
def synth(
    environment: Annotated[str, typer.Argument(help="dev, prod or twin.")] = "dev",
    workflow: WorkflowFile = ROOT / "workflow.yaml",
) -> None:
    """Synthesize the templates, offline, and say where they are."""
    from twin.run.synthesis import SynthesisFailed, synthesize

    try:
        load_settings(workflow, environment)
        assembly = synthesize(ROOT, workflow, environment, ROOT / "cdk.out")
    except (SettingsError, SynthesisFailed) as error:
        raise fail(str(error), 2) from None
    for template in sorted(assembly.glob("*.template.json")):
        console.print(template.relative_to(ROOT), highlight=False)


@app.command()
def destroy() -> None:
    """Remove what the last run deployed on this machine, and list what is kept on purpose."""
    from cli.destroy import destroy_deployment

    raise typer.Exit(destroy_deployment(ROOT, console))


if __name__ == "__main__":
    sys.exit(app())
