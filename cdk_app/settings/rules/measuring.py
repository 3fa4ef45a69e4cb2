"""Rules on what candidates are given and measured by: documents, embedding model, judge."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.catalogue import CATALOGUE
from cdk_app.settings.explain import suggest
from cdk_app.settings.rules.imports import import_id, known_embedder
from cdk_app.settings.rules.rule import Breach, Subject, rule
from cdk_app.settings.selection import ASKED_METRICS

SELECTION = ("selection",)


@rule("selection.candidates")
def only_retrieval_has_passages(subject: Subject) -> Iterator[Breach]:
    """Retrieval without passages is zero-shot; passages elsewhere would be ignored."""
    for path, candidate in subject.candidates():
        if candidate.strategy == "retrieval":
            if candidate.passages is None:
                message = "retrieval needs a number of passages"
                yield Breach((*path, "passages"), message, "Add `passages: 3`, or make it `zero-shot`.")
            continue
        for key in ("passages", "search"):
            if getattr(candidate, key) is not None:
                remedy = "Remove it, or make the strategy `retrieval`."
                yield Breach((*path, key), f"`{candidate.strategy}` finds no passages", remedy)


@rule("selection.candidates", "selection.documents", "selection.embeddings")
def what_is_searched_is_there(subject: Subject) -> Iterator[Breach]:
    """Passages come from documents, and are found by embeddings only with a model that embeds."""
    selection = subject.settings.selection
    found = [(path, candidate) for path, candidate in subject.candidates() if candidate.strategy == "retrieval"]
    for path, candidate in found:
        if selection.documents is None:
            remedy = "Add `selection.documents.folder`, the folder of the raw bucket with the documents."
            yield Breach((*path, "strategy"), "there are no documents to find passages in", remedy)
        if candidate.search == "embeddings" and selection.embeddings is None:
            remedy = "Add `selection.embeddings.model`, or search by `words`."
            yield Breach((*path, "search"), "there is no model to embed texts with", remedy)
    if selection.documents is not None and not found:
        remedy = "Remove it, or add a candidate with `strategy: retrieval`."
        yield Breach((*SELECTION, "documents"), "no candidate retrieves", remedy)


@rule("selection.documents.folder", "data.dataset", "data.evaluation_set")
def documents_are_no_data_set(subject: Subject) -> Iterator[Breach]:
    """What lies in the data set's folder is prepared for training and evaluation, and holds the answers."""
    documents, data = subject.settings.selection.documents, subject.settings.data
    if documents is not None and documents.folder in (data.dataset, data.evaluation_set):
        message = "passages would come from the data set itself, with the answers that are wanted"
        yield Breach((*SELECTION, "documents", "folder"), message, "Put the documents into a folder of their own.")


@rule("selection.embeddings", "selection.candidates", "task.kind")
def embeddings_are_of_use(subject: Subject) -> Iterator[Breach]:
    """An embedding model that nothing asks is a mistake."""
    settings = subject.settings
    searched = any(candidate.search == "embeddings" for _, candidate in subject.candidates())
    if settings.selection.embeddings is None or searched:
        return
    if settings.task.kind != "summarization":
        message = f"nothing is embedded: no candidate searches by embeddings, and the task is {settings.task.kind}"
        yield Breach((*SELECTION, "embeddings"), message, "Remove it, or give a candidate `search: embeddings`.")


@rule("selection.metric", "selection.embeddings", "selection.judge", "tuning.enabled")
def asked_metrics_have_their_model(subject: Subject) -> Iterator[Breach]:
    """A judge, or an embedding model, is asked on Bedrock; the jobs that evaluate a tuned model cannot."""
    settings = subject.settings
    metric, selection = settings.selection.metric, settings.selection
    if metric == "judge" and selection.judge is None:
        yield Breach((*SELECTION, "judge"), "`metric: judge` needs a judge", "Add `selection.judge.model`.")
    if metric != "judge" and selection.judge is not None:
        remedy = "Make `selection.metric` `judge`, or remove it."
        yield Breach((*SELECTION, "judge"), f"`metric: {metric}` asks no judge", remedy)
    if metric == "embeddingSimilarity" and selection.embeddings is None:
        message = "`metric: embeddingSimilarity` needs an embedding model"
        yield Breach((*SELECTION, "embeddings"), message, "Add `selection.embeddings.model`.")
    if metric in ASKED_METRICS and settings.tuning.enabled:
        message = f"`{metric}` asks a model on Bedrock, which the job that evaluates a tuned model cannot"
        yield Breach((*SELECTION, "metric"), message, "Make it `rougeL`, or `tuning.enabled` false.")


@rule("selection.judge.model", "selection.judge.imported_model_id", "selection.candidates")
def the_judge_is_no_candidate(subject: Subject) -> Iterator[Breach]:
    """A model prefers what it would have written itself."""
    judge = subject.settings.selection.judge
    if judge is None:
        return
    judged = {(candidate.model, candidate.imported_model_id) for _, candidate in subject.candidates()}
    if (judge.model, judge.imported_model_id) in judged:
        remedy = "Name another judge, best of another provider, or drop the candidate."
        yield Breach((*SELECTION, "judge", "model"), f"`{judge.model}` would judge its own answers", remedy)


@rule("selection.embeddings.model", "selection.embeddings.imported_model_id")
def the_embedding_model_is_known(subject: Subject) -> Iterator[Breach]:
    """It embeds texts in a way that is known here; an open one has the id of its import."""
    named = subject.settings.selection.embeddings
    if named is None:
        return
    yield from known_embedder((*SELECTION, "embeddings"), named.model, named.imported_model_id)


@rule("selection.judge.model", "selection.judge.imported_model_id")
def the_judge_is_known(subject: Subject) -> Iterator[Breach]:
    """The judge writes, so it is a model that could be a candidate."""
    named = subject.settings.selection.judge
    if named is None:
        return
    place = (*SELECTION, "judge")
    if named.model not in CATALOGUE or CATALOGUE[named.model].platform == "lambda":
        writing = tuple(key for key, model in CATALOGUE.items() if model.platform != "lambda")
        yield Breach((*place, "model"), f"`{named.model}` cannot be asked to judge", suggest(named.model, writing))
    else:
        imported = CATALOGUE[named.model].platform == "bedrock-import"
        yield from import_id(place, named.model, imported, named.imported_model_id)
