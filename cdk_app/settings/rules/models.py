"""Rules on candidates and on the model to tune."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.catalogue import CATALOGUE, ENTRIES, why_not_a_candidate
from cdk_app.settings.explain import suggest
from cdk_app.settings.rules.rule import Breach, Subject, rule
from cdk_app.settings.selection import METRICS_OF_KIND
from cdk_app.settings.tuning import CUSTOMIZABLE

TUNING_MODEL = ("tuning", "model")


@rule("task.kind", "selection.metric")
def the_metric_suits_the_task(subject: Subject) -> Iterator[Breach]:
    """A label has no longest common subsequence worth the name, and a summary no exact match."""
    kind, metric = subject.settings.task.kind, subject.settings.selection.metric
    if metric not in METRICS_OF_KIND[kind]:
        choices = " or ".join(f"`{name}`" for name in METRICS_OF_KIND[kind])
        yield Breach(("selection", "metric"), f"`{metric}` is no metric for {kind}", f"Make it {choices}.")


@rule("selection.candidates")
def candidates_are_in_the_catalogue(subject: Subject) -> Iterator[Breach]:
    """What is not in the catalogue has no id, no price and no licence."""
    for path, candidate in subject.candidates():
        if candidate.model not in CATALOGUE:
            yield Breach((*path, "model"), _not_asked(candidate.model), suggest(candidate.model, tuple(CATALOGUE)))


def _not_asked(key: str) -> str:
    """What is wrong with a model that no workflow can name."""
    if key not in ENTRIES:
        return f"`{key}` is not in the model catalogue"
    return f"`{key}` {why_not_a_candidate(ENTRIES[key])}"


@rule("selection.candidates")
def only_few_shot_has_examples(subject: Subject) -> Iterator[Breach]:
    """Few-shot without examples is zero-shot; examples elsewhere would be ignored."""
    for path, candidate in subject.candidates():
        if candidate.strategy == "few-shot" and candidate.examples is None:
            remedy = "Add `examples: 3`, or make it `zero-shot`."
            yield Breach((*path, "examples"), "few-shot needs a number of examples", remedy)
        if candidate.strategy != "few-shot" and candidate.examples is not None:
            message = f"`{candidate.strategy}` shows no examples"
            yield Breach((*path, "examples"), message, "Remove it, or make the strategy `few-shot`.")
        if candidate.strategy != "few-shot" and candidate.choose is not None:
            message = f"`{candidate.strategy}` shows no examples to choose"
            yield Breach((*path, "choose"), message, "Remove it, or make the strategy `few-shot`.")


@rule("selection.candidates")
def only_the_baseline_is_extractive(subject: Subject) -> Iterator[Breach]:
    """Extraction asks no model; a model cannot be asked to extract, nor the baseline to write."""
    baselines = tuple(key for key, model in CATALOGUE.items() if model.platform == "lambda")
    for path, candidate in subject.candidates():
        if candidate.model not in CATALOGUE:
            continue
        is_baseline = candidate.model in baselines
        if candidate.strategy == "extractive" and not is_baseline:
            remedy = f"Use `zero-shot`, `few-shot` or `retrieval`, or the model `{baselines[0]}`."
            yield Breach((*path, "strategy"), f"`{candidate.model}` writes, it does not extract", remedy)
        if candidate.strategy != "extractive" and is_baseline:
            message = f"`{candidate.model}` is the extractive baseline and asks no model"
            yield Breach((*path, "strategy"), message, "Make the strategy `extractive`.")


@rule("task.kind", "selection.candidates")
def the_baseline_gives_no_label(subject: Subject) -> Iterator[Breach]:
    """It copies a sentence of the text, and a label is none."""
    if subject.settings.task.kind != "classification":
        return
    for path, candidate in subject.candidates():
        if candidate.model in CATALOGUE and CATALOGUE[candidate.model].platform == "lambda":
            message = f"`{candidate.model}` copies a sentence of the text, which is no label of a classification"
            remedy = "Remove it; a model with `zero-shot` or `few-shot` gives a label."
            yield Breach(path, message, remedy)


@rule("selection.candidates")
def imported_models_have_their_id(subject: Subject) -> Iterator[Breach]:
    """Bedrock assigns the id of an imported model in the account that imports it: no catalogue can know it."""
    for path, candidate in subject.candidates():
        if candidate.model not in CATALOGUE:
            continue
        imported = CATALOGUE[candidate.model].platform == "bedrock-import"
        if imported and candidate.imported_model_id is None:
            remedy = "Import its weights (Bedrock, Custom Model Import) and write the last part of the model's ARN."
            message = f"`{candidate.model}` is answered by an import of your own"
            yield Breach((*path, "imported_model_id"), message, remedy)
        if not imported and candidate.imported_model_id is not None:
            message = f"`{candidate.model}` is not an imported model"
            yield Breach((*path, "imported_model_id"), message, "Remove it.")


@rule("selection.candidates")
def candidates_differ(subject: Subject) -> Iterator[Breach]:
    """The same candidate twice costs twice and says nothing new."""
    seen: set[object] = set()
    for path, candidate in subject.candidates():
        if candidate in seen:
            message = f"`{candidate.model}`, {candidate.strategy}, is already a candidate"
            yield Breach(path, message, "Remove it, or change its strategy or its examples.")
        seen.add(candidate)


@rule("tuning.model")
def model_to_tune_can_be_tuned(subject: Subject) -> Iterator[Breach]:
    """Fine-tuning needs open weights."""
    key = subject.settings.tuning.model
    if key not in CATALOGUE:
        yield Breach(TUNING_MODEL, f"`{key}` is not in the model catalogue", suggest(key, tuple(CUSTOMIZABLE)))
    elif key not in CUSTOMIZABLE:
        message = f"`{key}` cannot be customised here: its weights are not open"
        yield Breach(TUNING_MODEL, message, suggest("", tuple(CUSTOMIZABLE)))


@rule("tuning.enabled", "tuning.model", "tuning.max_length", "serving.max_output_tokens")
def prompts_and_answers_fit_the_context(subject: Subject) -> Iterator[Breach]:
    """Prompt and answer share the context: what the model is trained to read must leave it room to answer."""
    settings = subject.settings
    prompt, answer = settings.tuning.max_length, settings.serving.max_output_tokens
    if not settings.tuning.enabled or settings.tuning.model not in CATALOGUE or prompt <= settings.longest_prompt:
        return
    context = settings.longest_prompt + answer
    message = (
        f"prompt and answer share {context} tokens: {answer} for the answer leave too few for a prompt of {prompt}"
    )
    remedy = f"Make `tuning.max_length` and `serving.max_output_tokens` together {context} or less."
    yield Breach(("tuning", "max_length") if prompt > answer else ("serving", "max_output_tokens"), message, remedy)
