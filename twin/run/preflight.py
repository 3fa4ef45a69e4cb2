"""What a run here needs, looked at before anything is deployed: what is wrong now is wrong in five minutes, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdk_app.settings import Settings, override_problems, problem_in
from twin.run.columns import listed
from twin.run.data_files import DataFiles
from twin.run.data_set import in_words, look_into, with_columns
from twin.sample_data import COLUMNS as SAMPLE_COLUMNS
from twin.weights.imported import MODELS


class RunRefused(Exception):
    """A run that cannot end well; the text lists every problem with its remedy, a line each."""


def check(settings: Settings, workflow: Path, data: DataFiles | None, overrides: Mapping[str, Any]) -> None:
    """Refuse what cannot end well.

    Args:
        settings: the settings of the environment `twin`.
        workflow: the file that they are written in.
        data: the user's own data set, or None for the sample.
        overrides: the execution's input.

    Raises:
        RunRefused: with every problem.
    """
    of_input = [f"--override {problem}" for problem in override_problems(settings, overrides)]
    if data is None:
        of_data: Sequence[str] = list(
            _sample_problems(settings, workflow, settings.data.columns.names if settings.data.columns else ())
        )
    else:
        needed = _records_needed(settings, {} if of_input else overrides)
        of_data = data.problems or _data_problems(settings, data, needed)
    problems = [*_candidate_problems(settings, workflow), *_warehouse_problems(settings, workflow), *of_input, *of_data]
    if problems:
        raise RunRefused("\n".join(problems))


def _data_problems(settings: Settings, data: DataFiles, needed: int) -> Sequence[str]:
    found = look_into(data.files, settings.data.columns, settings.data.max_record_bytes, needed)
    if found.problems or found.usable >= needed:
        return found.problems
    place = f"{data.files[0].path} has" if len(data.files) == 1 else f"{data.option}: all {len(data.files)} files have"
    unusable = f" ({in_words(found.faults)})" if found.faults else ""
    return [
        f"{place} no more than {found.usable:,} records{with_columns(found.columns)} that can be used{unusable}, and "
        f"data.minimum_records asks for {needed:,}. Add records, or lower it in the settings."
    ]


def _records_needed(settings: Settings, overrides: Mapping[str, Any]) -> int:
    """Return `data.minimum_records` of this run; one is enough to be added to those of a former run."""
    given = settings.data.model_dump() | overrides.get("data", {})
    given |= {name.removeprefix("data."): value for name, value in overrides.items() if name.startswith("data.")}
    return 1 if given["base_run"] else int(given["minimum_records"])


def _candidate_problems(settings: Settings, workflow: Path) -> Iterator[str]:
    texts = [name for name, model in MODELS.items() if model.kind == "text"]
    for index, model in enumerate(settings.candidate_models):
        if model.platform == "lambda" or (model.platform == "bedrock-import" and model.model_id in texts):
            continue
        name = f"{model.key} with imported_model_id {model.model_id}" if model.model_id in texts else model.key
        remedy = (
            "Under environments.twin, name extractive-lead, or smollm2-135m-instruct with imported_model_id "
            f"{' or '.join(texts)}."
        )
        place = ("selection", "candidates", index)
        yield str(problem_in(workflow, settings.environment, place, f"{name} does not answer on this machine", remedy))


def _warehouse_problems(settings: Settings, workflow: Path) -> Iterator[str]:
    if settings.analytics.redshift:
        message = "Redshift does not run on this machine"
        remedy = "Set it to false under environments.twin; the named queries run here in Athena."
        yield str(problem_in(workflow, settings.environment, ("analytics", "redshift"), message, remedy))


def _sample_problems(settings: Settings, workflow: Path, names: tuple[str, ...]) -> Iterator[str]:
    missing = [name for name in names if name not in SAMPLE_COLUMNS]
    if missing:
        message = f"the sample data has no column {listed(missing)}; it has {listed(SAMPLE_COLUMNS)}"
        remedy = "Give your own file with --data."
        yield str(problem_in(workflow, settings.environment, ("data", "columns"), message, remedy))
