"""Rules on the gateway: the models that it offers, what it keeps, and who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.catalogue import CATALOGUE
from cdk_app.settings.document import KeyPath
from cdk_app.settings.explain import suggest
from cdk_app.settings.gateway import APPROVED, Gateway, OfferedModel, SignIn
from cdk_app.settings.guardrail import Guardrail
from cdk_app.settings.rules.imports import import_id, known_embedder
from cdk_app.settings.rules.rule import Breach, Subject, rule

GATEWAY = ("gateway",)
MODELS = (*GATEWAY, "models")
MOST_EVIDENCE_OF_WORDS = 0.7
"""As in lambdas/gateway/retrieval/search.py."""
RESERVED = ("amazon", "aws", "cognito")
"""Words that a domain of Cognito's managed login must not have in it."""


@rule("environment", "gateway.authorization")
def production_is_not_open(subject: Subject) -> Iterator[Breach]:
    """An open gateway in production lets anyone spend the owner's money."""
    settings = subject.settings
    if settings.environment == "prod" and settings.gateway.authorization == "none":
        message = "`none` opens the API of `prod` to everyone"
        remedy = "Use `iam`; set `none` under `environments.dev` if you need it there."
        yield Breach((*GATEWAY, "authorization"), message, remedy)


@rule("gateway.models")
def offered_models_are_known(subject: Subject) -> Iterator[Breach]:
    """Requests name a model by its key, so that it writes, is on Bedrock, and is there once."""
    seen: set[str] = set()
    for path, offered in _offered(subject):
        if offered.model not in CATALOGUE or CATALOGUE[offered.model].platform == "lambda":
            writing = tuple(key for key, model in CATALOGUE.items() if model.platform != "lambda")
            yield Breach((*path, "model"), f"`{offered.model}` cannot be offered", suggest(offered.model, writing))
            continue
        if offered.model in seen:
            yield Breach((*path, "model"), f"`{offered.model}` is already offered", "Remove it.")
        seen.add(offered.model)
        imported = CATALOGUE[offered.model].platform == "bedrock-import"
        yield from import_id(path, offered.model, imported, offered.imported_model_id)


@rule("gateway.models", "gateway.fallback")
def fallbacks_are_offered(subject: Subject) -> Iterator[Breach]:
    """What is tried after a model can be asked, and is another one."""
    gateway = subject.settings.gateway
    chains: list[tuple[KeyPath, str, tuple[str, ...]]] = [((*GATEWAY, "fallback"), APPROVED, gateway.fallback)]
    chains += [((*path, "fallback"), offered.model, offered.fallback) for path, offered in _offered(subject)]
    known = (APPROVED, *(offered.model for _, offered in _offered(subject)))
    for path, name, chain in chains:
        for place, following in enumerate(chain):
            if following == name:
                yield Breach((*path, place), f"`{name}` falls back to itself", "Name another model, or none.")
            elif following not in known:
                others = [other for other in known if other != name]
                remedy = suggest(following, others) if others else "Add it to `gateway.models`."
                yield Breach((*path, place), f"`{following}` is not offered", remedy)
            elif following in chain[:place]:
                yield Breach((*path, place), f"`{following}` is already in this list", "Remove it.")


@rule("gateway.embeddings.model", "gateway.embeddings.imported_model_id")
def documents_are_embedded_by_a_known_model(subject: Subject) -> Iterator[Breach]:
    """The length of its vectors makes the index; an open one has the id of its import."""
    named = subject.settings.gateway.embeddings
    if named is None:
        return
    yield from known_embedder((*GATEWAY, "embeddings"), named.model, named.imported_model_id)


@rule("gateway.least_evidence", "gateway.embeddings")
def words_alone_can_be_evidence_enough(subject: Subject) -> Iterator[Breach]:
    """Without embeddings a bound that words alone do not reach would refuse every question."""
    gateway = subject.settings.gateway
    if gateway.embeddings is None and gateway.least_evidence > MOST_EVIDENCE_OF_WORDS:
        message = f"no passage reaches {gateway.least_evidence:g} by its words alone: they are evidence up to 0.7"
        yield Breach((*GATEWAY, "least_evidence"), message, "Make it 0.7 or less, or add `gateway.embeddings.model`.")


@rule("gateway.cache", "gateway.embeddings")
def similar_questions_are_told_by_embeddings(subject: Subject) -> Iterator[Breach]:
    """A semantic cache compares questions by their vectors, after it has looked for the very same one."""
    gateway = subject.settings.gateway
    if gateway.cache.semantic is None:
        return
    place = (*GATEWAY, "cache")
    if gateway.embeddings is None:
        message = "there is no model to embed questions with"
        yield Breach((*place, "semantic"), message, "Add `gateway.embeddings.model`, or remove it.")
    if not gateway.cache.exact:
        message = "a semantic cache looks for the very same question first"
        yield Breach((*place, "exact"), message, "Make it true, or remove `semantic`.")


@rule("gateway.budget")
def a_caller_has_no_more_than_all(subject: Subject) -> Iterator[Breach]:
    """A bound for one caller above that for all of them is never reached."""
    budget = subject.settings.gateway.budget
    caller, everyone = budget.caller_usd_per_day, budget.usd_per_day
    if caller is not None and everyone is not None and caller > everyone:
        message = f"one caller may spend {caller:g} US dollars a day, and all together {everyone:g}"
        yield Breach((*GATEWAY, "budget", "caller_usd_per_day"), message, f"Make it {everyone:g} or less.")


@rule("gateway.guardrail")
def a_guardrail_looks_for_something(subject: Subject) -> Iterator[Breach]:
    """Bedrock refuses an empty guardrail, and cannot both mask and refuse a kind of personal data."""
    guardrail = subject.settings.gateway.guardrail
    if guardrail is None:
        return
    place = (*GATEWAY, "guardrail")
    # What could not be read might have been something to look for.
    unreadable = any(broken[: len(place)] == place for broken in subject.invalid)
    if guardrail == Guardrail() and not unreadable:
        keys = ", ".join(f"`{name}`" for name in Guardrail.model_fields)
        yield Breach(place, "this guardrail looks for nothing", f"Remove it, or set one of {keys}.")
    for index, kind in enumerate(guardrail.block):
        if kind in guardrail.mask:
            yield Breach((*place, "block", index), f"`{kind}` is masked already", "Name it in one of the two lists.")


@rule("gateway.page", "gateway.sign_in", "name")
def a_page_can_be_signed_in_to(subject: Subject) -> Iterator[Breach]:
    """Accounts are for the page; its sign-in has a domain of Cognito that is named after the workflow."""
    settings = subject.settings
    if not settings.gateway.page:
        if settings.gateway.sign_in != SignIn():
            message = "there is no page to sign in to"
            yield Breach((*GATEWAY, "sign_in"), message, "Remove it, or make `gateway.page` true.")
        return
    for word in RESERVED:
        if word in settings.name:
            message = f"the page's sign-in has the name in its domain, where Cognito allows no `{word}`"
            yield Breach(("name",), message, "Choose another name, or make `gateway.page` false.")


@rule("gateway.partners.names")
def partners_differ(subject: Subject) -> Iterator[Breach]:
    """Each name has one key."""
    partners = subject.settings.gateway.partners
    names = partners.names if partners else ()
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Breach((*GATEWAY, "partners", "names", index), f"`{name}` is already a partner", "Remove it.")


def _offered(subject: Subject) -> Iterator[tuple[KeyPath, OfferedModel]]:
    """The valid models and where each stands."""
    gateway: Gateway = subject.settings.gateway
    for index, offered in enumerate(gateway.models):
        path = (*MODELS, index)
        if not any(broken[: len(path)] == path for broken in subject.invalid):
            yield path, offered
