"""What the pages show of a settings file can be written so: each excerpt loads, for every environment."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from cdk_app.settings import ENVIRONMENTS, Settings, load_settings
from cdk_app.settings.declarations import declarations
from cdk_app.settings.document import read_document
from lambdas.shared.metrics import metric_named
from twin.run.data_files import find_data_files
from twin.run.preflight import Given, check

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "classification.md"
# A dotted name in backticks, with `[]` after a list, and perhaps a value, such as `gateway.authorization: none`.
DOTTED = re.compile(r"`([a-z_]+(?:\[\])?(?:\.[a-z_]+(?:\[\])?)+)(?:: [^`]*)?`")
FILES_MODULES_AND_HOSTS = re.compile(
    r".*\.(com|csv|gguf|gz|html|jinja|json|jsonl|log|out|py|svg|toml|txt|yaml)|(cdk_app|html|pipelines)\..*"
)
OF_OTHER_DOCUMENTS = {
    *("cognito.client_id", "cognito.domain", "cognito.scope", "cognito.token"),  # the page's /config.json
    *("limits.document_bytes", "limits.text_characters"),
    *("error.param", "stream_options.include_usage"),  # OpenAI's format
    *("evaluation.by_label.base", "selection.candidates[].by_label", "tuning.resumed_from"),  # report.json
    "near_duplicates.straddling",  # manifest.json
}
"""Members of documents that are no settings file, by the names that the pages give them."""
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LABELS = ("bug", "question", "praise")


def excerpts() -> list[tuple[str, str]]:
    """Every excerpt of a settings file, by the page that shows it; single lines of a section are none."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    found = [(page.name, text) for page in pages for text in BLOCK.findall(page.read_text(encoding="utf-8"))]
    return [(page, text) for page, text in found if {*plain(text)} <= {*Settings.model_fields, "environments"}]


def plain(text: str) -> dict[str, Any]:
    """Read YAML as the settings are read."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        values: dict[str, Any] = read_document(Path(file.name)).root.plain()
    return values


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    inner = {key: merged(base[key], value) for key, value in over.items() if isinstance(base.get(key), dict)}
    return base | over | inner


@pytest.mark.parametrize(("page", "text"), excerpts())
def test_an_excerpt_can_be_put_into_the_project_s_file(tmp_path: Path, page: str, text: str) -> None:
    file = tmp_path / "workflow.yaml"
    if page == PAGE.name:
        file.write_text(text)
    else:
        whole = merged(plain((ROOT / "workflow.yaml").read_text()), plain(text))
        file.write_text(json.dumps(whole))
    for environment in ENVIRONMENTS:
        assert load_settings(file, environment).environment == environment


def named_settings() -> set[tuple[str, str]]:
    """Every name in the pages and in the settings file that reads as a setting's, with where it stands."""
    files = [ROOT / "README.md", ROOT / "workflow.yaml", *(ROOT / "docs").rglob("*.md")]
    named = {(file.name, name) for file in files for name in DOTTED.findall(file.read_text(encoding="utf-8"))}
    others = {(file, name) for file, name in named if FILES_MODULES_AND_HOSTS.fullmatch(name)}
    return {(file, name) for file, name in named - others if name not in OF_OTHER_DOCUMENTS}


def test_every_setting_that_a_page_names_is_there() -> None:
    ends = {path[start:] for path in declarations() for start in range(len(path))}
    overlays = {("environments", name) for name in ENVIRONMENTS}

    def is_there(name: str) -> bool:
        path = tuple(name.replace("[]", "").split("."))
        return path in ends or path in overlays

    named = named_settings()
    assert {file for file, _ in named} > {"caching_and_cost.md", "page.md", "settings.md"}
    assert sorted((file, name) for file, name in named if not is_there(name)) == []


def test_there_are_excerpts_of_several_pages() -> None:
    assert {"classification.md", "pipeline.md", "settings.md"} <= {page for page, _ in excerpts()}


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """The file that the page on classification shows."""
    [text] = [text for page, text in excerpts() if page == PAGE.name]
    file = tmp_path / "my-workflow.yaml"
    file.write_text(text)
    return file


def doubts(workflow: Path, folder: Path, records: int) -> tuple[str, ...]:
    """What is said before a run of the page's file over so many records."""
    lines = [json.dumps({"text": f"ticket {number}", "label": LABELS[number % 3]}) for number in range(records)]
    data = folder / "tickets.jsonl"
    data.write_text("\n".join(lines))
    return check(Given(load_settings(workflow, "twin"), workflow, find_data_files("--data", [data])))


@pytest.mark.parametrize("records", [76, 120, 200])
def test_the_shown_file_begins_a_run_with_as_many_records_as_the_page_says(
    workflow: Path, tmp_path: Path, records: int
) -> None:
    assert doubts(workflow, tmp_path, records) == ()
    settings = load_settings(workflow, "twin")
    assert settings.data.minimum_records <= records
    assert settings.selection.sample_size >= 200 * settings.data.split.validation


def test_of_fewer_records_than_the_page_says_a_side_may_hold_too_few(workflow: Path, tmp_path: Path) -> None:
    said = doubts(workflow, tmp_path, 75)
    assert any("Bring about 76 usable records" in line for line in said), said
    assert "of fewer than 76 records one side may miss the 16" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("records", [64, 128, 192])
def test_the_page_says_of_so_many_records_what_is_sure(records: int) -> None:
    count = records // 4
    wanted = [LABELS[number % 3] for number in range(count)]

    def surely(right: int) -> str:
        answers = ["none" if number >= right else label for number, label in enumerate(wanted)]
        return f"{metric_named('accuracy', LABELS).interval(wanted, answers).low:.2f}"

    row = f"| {records} | {count} | {surely(count)} | {surely(count * 3 // 4)} |"
    assert row in PAGE.read_text(encoding="utf-8")
