"""The application with everything on that is off by default."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import aws_cdk as cdk

from cdk_app.application import FLAGS, ROOT
from cdk_app.checks.assembly import Assembly
from cdk_app.nag import add_checks
from cdk_app.settings import Candidate, Guardrail, Settings, load_settings
from cdk_app.settings.gateway import Cache, DocumentEmbeddings, Domain, Firewall, Partners, SemanticCache
from cdk_app.settings.measuring import Documents, Embeddings, Judge
from cdk_app.settings.search import Search, SearchRange
from stacks import create_stacks
from tests.synth.templates import context

_FOLDERS: list[TemporaryDirectory[str]] = []  # kept until the process ends


def everything_on(settings: Settings) -> Settings:
    """`settings` with data-quality rules that are evaluated, tokens that are counted, the warehouse, a selection that
    searches documents, embeds texts and asks a judge, a search of hyperparameters, and a gateway with guardrail,
    partners, firewall, a domain of its own and vectors in OpenSearch Serverless."""
    rules = settings.data.quality_rules.model_copy(update={"on_glue": True})
    filters = settings.data.filters.model_copy(update={"max_tokens": 256})
    data = settings.data.model_copy(update={"quality_rules": rules, "filters": filters})
    analytics = settings.analytics.model_copy(update={"redshift": True})
    retrieves = Candidate(model="nova-micro", strategy="retrieval", passages=3, search="embeddings")
    selection = settings.selection.model_copy(
        update={
            "documents": Documents(folder="handbook"),
            "embeddings": Embeddings(model="titan-embed-text-v2"),
            "judge": Judge(model="nova-pro"),
            "candidates": (*settings.selection.candidates, retrieves),
        }
    )
    rate = SearchRange(setting="learning_rate", minimum=1e-5, maximum=1e-3, scale="logarithmic")
    tuning = settings.tuning.model_copy(update={"search": Search(ranges=(rate,), trials=6, at_once=2)})
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    gateway = settings.gateway.model_copy(
        update={
            "cache": Cache(exact=True, semantic=SemanticCache()),
            "domain": Domain(name="models.example.com", certificate_arn=certificate),
            "embeddings": DocumentEmbeddings(model="titan-embed-text-v2", vector_store="opensearch-serverless"),
            "firewall": Firewall(),
            "guardrail": Guardrail(words=("heffalump",), mask=("EMAIL",), attacks="high", grounding=0.7),
            "partners": Partners(names=("reading-room",)),
        }
    )
    changed = {"data": data, "analytics": analytics, "selection": selection, "tuning": tuning, "gateway": gateway}
    return settings.model_copy(update=changed)


@cache
def optional_assembly() -> Assembly:
    """Templates of every stack for `dev`, checked by cdk-nag; raises where it finds something unexplained."""
    folder = TemporaryDirectory(prefix="fourfold-synth-")
    _FOLDERS.append(folder)
    app = cdk.App(
        outdir=folder.name,
        context=context(),
        post_cli_context=FLAGS,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )
    create_stacks(app, everything_on(load_settings(ROOT / "workflow.yaml", "dev")))
    add_checks(app)
    app.synth()
    return Assembly.read(Path(folder.name))
