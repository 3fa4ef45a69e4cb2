"""What a run here needs, looked at before anything is deployed: what is wrong now is wrong in five minutes, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cdk_app.settings import Settings, customized_model_id, override_problems, problem_in
from twin.run.columns import listed
from twin.run.data_files import DataFiles
from twin.run.data_set import Found, in_words, look_into, with_columns
from twin.run.given import Given
from twin.run.held_out import Counted, Outlook, enough_to_tell, outlook
from twin.sagemaker.jobs.nodes import MOST
from twin.sample_data import COLUMNS as SAMPLE_COLUMNS
from twin.weights.imported import MODELS
from twin.weights.stand_ins import STAND_INS, customizable

__all__ = ["Given", "RunRefused", "check"]


class RunRefused(Exception):
    """A run that cannot end well; the text lists every problem with its remedy, a line each."""


def check(run: Given) -> tuple[str, ...]:
    """Refuse what cannot end well, and give what the user should know of what may not.

    Raises:
        RunRefused: with every problem.
    """
    of_input = [f"--override {problem}" for problem in override_problems(run.settings, run.overrides)]
    known = replace(run, overrides={}) if of_input else run
    wrong_data, sizes = _data_problems(known)
    problems = [
        *_candidate_problems(run.settings, run.workflow),
        *_customization_problems(run.settings, run.workflow),
        *_warehouse_problems(run.settings, run.workflow),
        *of_input,
        *_base_problems(known),
        *_instances_problems(known),
        *_evaluation_set_problems(known),
        *wrong_data,
        *sizes.refusals,
    ]
    if problems:
        raise RunRefused("\n".join([*problems, *sizes.notices]))
    return sizes.notices


def _base_problems(run: Given) -> Iterator[str]:
    """A run here has no earlier one: it begins on an empty account."""
    if not run.value("base_run"):
        return
    what = "a run on this machine begins on an empty account, where there is no run to add to"
    remedy = "Give all files to one run, with --data; docs/twin.md says how a second execution is tried here."
    if not run.settings.data.base_run:
        yield f"--override data.base_run: {what}. {remedy}"
    else:
        yield run.problem(("data", "base_run"), what, f'Write `base_run: ""` under environments.twin.data. {remedy}')


def _instances_problems(run: Given) -> Iterator[str]:
    """Refuse more machines than there are here: training would begin after everything else, and be refused then."""
    instances = run.value("instances", "tuning")
    if not run.settings.tuning.enabled or run.value("service", "tuning") != "sagemaker" or instances <= MOST:
        return
    what = f"{instances} machines are more than the {MOST} that a training job has on this one"
    if run.settings.tuning.instances == instances:
        yield run.problem(("tuning", "instances"), what, "Under environments.twin, set tuning.instances to 1.")
    else:
        yield f"--override tuning.instances: {what}. Give {MOST} or fewer."


def _data_problems(run: Given) -> tuple[list[str], Outlook]:
    """Look into both data sets: a run needs so many records in all, and each side of the split its share of them."""
    data, evaluation, columns = run.data, run.evaluation, run.settings.data.columns
    problems = [*(data.problems if data else ()), *(evaluation.problems if evaluation else ())]
    if data is None:
        problems += _sample_problems(run.settings, run.workflow, columns.names if columns else ())
    if problems:
        return problems, Outlook()
    limit, needed = run.settings.data.max_record_bytes, int(run.value("minimum_records"))
    enough = max(needed, enough_to_tell(run))
    found = look_into(data.files if data else (), columns, limit, enough)
    test = look_into(evaluation.files if evaluation else (), columns or found.columns, limit, enough)
    problems = [*found.problems, *test.problems]
    if problems or data is None:
        return problems, Outlook()
    strata = len(data.files) if run.settings.data.split.stratify == "source" else found.targets
    sizes = outlook(run, Counted(found.usable, strata, test.usable if evaluation else None))
    return _too_few(data, evaluation, found, test, needed), sizes


def _too_few(data: DataFiles, evaluation: DataFiles | None, found: Found, test: Found, needed: int) -> list[str]:
    if found.usable + test.usable >= needed:
        return []
    files = [*data.files, *(evaluation.files if evaluation else ())]
    faults = found.faults + test.faults
    place = f"{files[0].path} has" if len(files) == 1 else f"All {len(files)} files together have"
    unusable = f" ({in_words(faults)})" if faults else ""
    return [
        f"{place} no more than {found.usable + test.usable:,} records{with_columns(found.columns)} that can be "
        f"used{unusable}, and data.minimum_records asks for {needed:,}. Add records, or lower it in the settings."
    ]


def _candidate_problems(settings: Settings, workflow: Path) -> Iterator[str]:
    yield from _aid_problems(settings, workflow)
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


def _aid_problems(settings: Settings, workflow: Path) -> Iterator[str]:
    """The embedding model and the judge answer here only as imports, as candidates do."""
    for key, kind, model in (
        ("embeddings", "embedding", settings.embedding_model),
        ("judge", "text", settings.judge_model),
    ):
        served = [name for name, local in MODELS.items() if local.kind == kind]
        if model is not None and not (model.platform == "bedrock-import" and model.model_id in served):
            remedy = f"Under environments.twin, name one with imported_model_id {' or '.join(served)}."
            place = ("selection", key, "model")
            message = f"{model.key} does not answer on this machine"
            yield str(problem_in(workflow, settings.environment, place, message, remedy))


def _customization_problems(settings: Settings, workflow: Path) -> Iterator[str]:
    """What Bedrock would customize needs weights here, by whose training the job is done."""
    bedrock, model_id = settings.tuning.bedrock, customized_model_id(settings)
    if bedrock is None or model_id is None:
        return
    place = ("tuning", "bedrock")
    if customizable(model_id) is None:
        known = " or ".join(one.base_model_id for one in STAND_INS.values())
        message = f"no weights stand in for {bedrock.model} ({model_id}) on this machine"
        remedy = f"Under environments.twin, name the model of {known}."
        yield str(problem_in(workflow, settings.environment, (*place, "model"), message, remedy))
    if bedrock.method != "fine-tuning":
        message = f"{bedrock.method} does not run on this machine"
        remedy = "Set it to fine-tuning under environments.twin."
        yield str(problem_in(workflow, settings.environment, (*place, "method"), message, remedy))


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


def _evaluation_set_problems(run: Given) -> Iterator[str]:
    """A test set of one's own has a name in the settings and files on the command line, or neither."""
    name, option = run.settings.data.evaluation_set, "--evaluation-data"
    if name and run.evaluation is None:
        what = f"no file is given for the test set {name}, and an account that a run here begins on holds none"
        yield run.problem(("data", "evaluation_set"), what, f"Give its files, or a folder, with {option}.")
    elif run.evaluation and not name:
        line = f"evaluation_set: {run.settings.data.dataset[:58]}-test"
        yield f"{option}: the settings name no test set. Add to {run.workflow}, under data: {line}"
    elif name and run.overrides.get("dataset") == name:
        yield f"--override dataset: {name} is the test set, data.evaluation_set. Name another data set."
