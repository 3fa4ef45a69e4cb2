"""What of the settings this machine cannot do: models that do not answer here, services that do not run, no past runs.

Of a settings file with flaws, what can still be examined is: each check stands beside the settings that it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cdk_app.catalogue import CATALOGUE
from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings import customized_model_id
from twin.model_server import ProgramError, own_program
from twin.run.given import Given
from twin.sagemaker.jobs.nodes import MOST
from twin.weights.imported import MODELS
from twin.weights.stand_ins import STAND_INS, customizable


def machine_problems(run: Given) -> Iterator[str]:
    """Say of every setting that cannot be as it is here what to write, and of a program that is not there."""
    try:
        own_program()
    except ProgramError as error:
        yield str(error)
    for reads, check in _CHECKS:
        if run.readable(*reads):
            yield from check(run)


def overridable_problems(run: Given) -> Iterator[str]:
    """The same of settings that the execution's input may override: it has to be known."""
    for reads, check in _OVERRIDABLE:
        if run.readable(*reads):
            yield from check(run)


def _candidate_problems(run: Given) -> Iterator[str]:
    texts = [name for name, model in MODELS.items() if model.kind == "text"]
    # A classification has no use for the baseline, which copies a sentence.
    labels = run.readable("task.kind") and run.settings.task.kind == "classification"
    others = "" if labels else "extractive-lead, or "
    for place, candidate in run.subject.candidates():
        model = CATALOGUE.get(candidate.model)
        if model is None:
            continue  # the settings' own rules name it
        named = candidate.imported_model_id or model.model_id
        if model.platform == "lambda" or (model.platform == "bedrock-import" and named in texts):
            continue
        name = f"{model.key} with imported_model_id {named}" if named in texts else model.key
        remedy = (
            f"Under environments.twin, name {others}smollm2-135m-instruct with imported_model_id {' or '.join(texts)}."
        )
        yield run.problem(place, f"{name} does not answer on this machine", remedy)


def _embedding_problems(run: Given) -> Iterator[str]:
    named = run.settings.selection.embeddings
    if named is not None and named.model in EMBEDDERS:
        yield from _aid_problems(run, "embeddings", "embedding", EMBEDDERS[named.model].platform)


def _judge_problems(run: Given) -> Iterator[str]:
    named = run.settings.selection.judge
    if named is not None and named.model in CATALOGUE:
        yield from _aid_problems(run, "judge", "text", CATALOGUE[named.model].platform)


def _aid_problems(run: Given, key: str, kind: str, platform: str) -> Iterator[str]:
    """The embedding model and the judge answer here only as imports, as candidates do."""
    served = [name for name, local in MODELS.items() if local.kind == kind]
    aid = getattr(run.settings.selection, key)
    if platform != "bedrock-import" or aid.imported_model_id not in served:
        remedy = f"Under environments.twin, name one with imported_model_id {' or '.join(served)}."
        yield run.problem(("selection", key, "model"), f"{aid.model} does not answer on this machine", remedy)


def _customization_problems(run: Given) -> Iterator[str]:
    """What Bedrock would customize needs weights here, by whose training the job is done."""
    bedrock, model_id = run.settings.tuning.bedrock, customized_model_id(run.settings)
    if bedrock is None or model_id is None:
        return
    place = ("tuning", "bedrock")
    if customizable(model_id) is None:
        known = " or ".join(one.base_model_id for one in STAND_INS.values())
        message = f"no weights stand in for {bedrock.model} ({model_id}) on this machine"
        yield run.problem((*place, "model"), message, f"Under environments.twin, name the model of {known}.")
    if bedrock.method != "fine-tuning":
        message = f"{bedrock.method} does not run on this machine"
        yield run.problem((*place, "method"), message, "Set it to fine-tuning under environments.twin.")


def _warehouse_problems(run: Given) -> Iterator[str]:
    if run.settings.analytics.redshift:
        remedy = "Set it to false under environments.twin; the named queries run here in Athena."
        yield run.problem(("analytics", "redshift"), "Redshift does not run on this machine", remedy)


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


_Check = tuple[tuple[str, ...], Callable[[Given], Iterator[str]]]
_CHECKS: tuple[_Check, ...] = (
    (("selection.candidates",), _candidate_problems),
    (("selection.embeddings.model", "selection.embeddings.imported_model_id"), _embedding_problems),
    (("selection.judge.model", "selection.judge.imported_model_id"), _judge_problems),
    (("tuning.bedrock.model", "tuning.bedrock.method"), _customization_problems),
    (("analytics.redshift",), _warehouse_problems),
)
_OVERRIDABLE: tuple[_Check, ...] = (
    (("data.base_run",), _base_problems),
    (("tuning.enabled", "tuning.service", "tuning.instances"), _instances_problems),
)
