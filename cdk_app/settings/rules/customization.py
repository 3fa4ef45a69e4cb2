"""Rules on the customization of a foundation model: what the model does not allow is refused before anything stands."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.catalogue import BEDROCK_CUSTOMIZABLE, ENTRIES, TRAINING_DATA, customization
from cdk_app.settings.customization import HYPERPARAMETERS
from cdk_app.settings.explain import suggest
from cdk_app.settings.rules.rule import Breach, Subject, rule

SECTION = ("tuning", "bedrock")
# Time to live starts before throughput is provisioned; evaluation comes then, and a rollout that waits for another.
HOURS_BESIDE_APPROVAL = 6


@rule("tuning.service", "tuning.bedrock")
def customization_on_bedrock_names_its_model(subject: Subject) -> Iterator[Breach]:
    """Which model Bedrock customizes, nothing else says."""
    tuning = subject.settings.tuning
    if tuning.service == "bedrock" and tuning.bedrock is None:
        remedy = "Add the section `tuning.bedrock` with its `model`, or set `tuning.service: sagemaker`."
        yield Breach(("tuning", "service"), "`bedrock` has no model to customize", remedy)


@rule("tuning.bedrock.model", "tuning.bedrock.method")
def the_model_allows_the_customization(subject: Subject) -> Iterator[Breach]:
    """AWS offers few models for customization, and not each in each way."""
    bedrock = subject.settings.tuning.bedrock
    if bedrock is None:
        return
    if bedrock.model not in BEDROCK_CUSTOMIZABLE:
        why = "has no customization on Bedrock" if bedrock.model in ENTRIES else "is not in the model catalogue"
        remedy = suggest(bedrock.model, BEDROCK_CUSTOMIZABLE)
        yield Breach((*SECTION, "model"), f"`{bedrock.model}` {why} that a workflow can use", remedy)
    elif customization(bedrock.model, bedrock.method) is None:
        message = f"Bedrock offers no {bedrock.method} of `{bedrock.model}`"
        able = [key for key in BEDROCK_CUSTOMIZABLE if customization(key, bedrock.method)]
        remedy = f"Choose {' or '.join(able)}, or another method." if able else "Set `method: fine-tuning`."
        yield Breach((*SECTION, "method"), message, remedy)


@rule("tuning.bedrock.model", "tuning.bedrock.method", "tuning.bedrock.teacher")
def only_a_distilled_model_has_a_teacher(subject: Subject) -> Iterator[Breach]:
    """A teacher answers the records, and the model is trained on what it answers."""
    bedrock = subject.settings.tuning.bedrock
    if bedrock is None:
        return
    path = (*SECTION, "teacher")
    if bedrock.method != "distillation" and bedrock.teacher is not None:
        yield Breach(path, f"{bedrock.method} has no teacher", "Remove it, or set `method: distillation`.")
    if bedrock.method == "distillation" and bedrock.teacher is None:
        yield Breach(path, "a distilled model needs a teacher", "Name a larger model, such as `nova-pro`.")
    elif bedrock.teacher is not None and (bedrock.teacher not in ENTRIES or ENTRIES[bedrock.teacher].bedrock is None):
        remedy = "Name a model of Bedrock, such as `nova-pro`."
        yield Breach(path, f"`{bedrock.teacher}` is no model of Bedrock", remedy)


@rule("tuning.bedrock.model", "tuning.bedrock.method", "tuning.bedrock")
def hyperparameters_are_those_of_the_model(subject: Subject) -> Iterator[Breach]:
    """A job over a hyperparameter that the model does not know fails once it is submitted."""
    bedrock = subject.settings.tuning.bedrock
    facts = customization(bedrock.model, bedrock.method) if bedrock else None
    if bedrock is None or facts is None:
        return
    known = {one.name: one for one in facts.hyperparameters}
    for name, api in HYPERPARAMETERS.items():
        value, path = getattr(bedrock, name), (*SECTION, name)
        if value is None:
            continue
        if api not in known:
            message = f"`{bedrock.model}` is not known to take `{api}`"
            yield Breach(path, message, "Remove it: Bedrock's own default then holds.")
        elif not known[api].least <= value <= known[api].most:
            least, most = known[api].least, known[api].most
            message = f"{value:g} is no `{api}` of `{bedrock.model}`"
            yield Breach(path, message, f"Give {least:g} to {most:g}; Bedrock's default is {known[api].default:g}.")


@rule("tuning.bedrock.model", "tuning.bedrock.method", "tuning.bedrock.serving")
def the_custom_model_can_be_served(subject: Subject) -> Iterator[Breach]:
    """What is not served on demand bills by the hour: nobody should have that without having asked for it."""
    bedrock = subject.settings.tuning.bedrock
    facts = customization(bedrock.model, "fine-tuning") if bedrock else None
    if bedrock is None or facts is None or bedrock.serving != "on-demand" or facts.on_demand:
        return
    message = f"a customized `{bedrock.model}` is served with provisioned throughput alone, which bills by the hour"
    able = [key for key in BEDROCK_CUSTOMIZABLE if (one := customization(key, "fine-tuning")) and one.on_demand]
    remedy = f"Set `serving: provisioned` and `time_to_live_hours`, or choose {' or '.join(able)}."
    yield Breach((*SECTION, "serving"), message, remedy)


@rule("tuning.bedrock.serving", "tuning.bedrock.time_to_live_hours", "approval", "approval_timeout_hours")
def throughput_outlives_the_run(subject: Subject) -> Iterator[Breach]:
    """What is gone when somebody approves it cannot be deployed any more."""
    settings, bedrock = subject.settings, subject.settings.tuning.bedrock
    if bedrock is None or bedrock.serving != "provisioned":
        return
    approval = settings.approval_timeout_hours if settings.approval == "manual" else 0
    if bedrock.time_to_live_hours < (needed := approval + HOURS_BESIDE_APPROVAL):
        message = f"after {bedrock.time_to_live_hours} hours the throughput is deleted: provisioning, evaluation and "
        message += f"rollout take up to {HOURS_BESIDE_APPROVAL}, and approval up to {approval}"
        lower = ", or lower `approval_timeout_hours`" if approval else ""
        yield Breach((*SECTION, "time_to_live_hours"), message, f"Make it {needed} or more{lower}.")


@rule("tuning.bedrock.model", "data.outputs")
def the_data_is_written_in_the_model_s_format(subject: Subject) -> Iterator[Breach]:
    """Bedrock trains on lines of its own, which preparation writes where it is told to."""
    bedrock = subject.settings.tuning.bedrock
    if bedrock is None or bedrock.model not in TRAINING_DATA:
        return
    needed = TRAINING_DATA[bedrock.model]
    if needed not in subject.settings.data.outputs:
        message = f"`{needed}` is missing, which `{bedrock.model}` is trained on"
        yield Breach(("data", "outputs"), message, f"Add `{needed}` to the list.")
