"""The section `gateway`: what it may say, and what makes no sense together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.conftest import Load, Problems

OFFERED = [{"model": "nova-lite"}, {"model": "nova-micro", "fallback": ["nova-lite", "approved"]}]


def found(problems: Problems, document: dict[str, Any], environment: str = "dev") -> list[tuple[str, str]]:
    return [(problem.key, problem.message) for problem in problems(document, environment)]


def test_a_file_that_says_nothing_of_it_has_a_page_and_nothing_that_bills_while_idle(
    load: Load, document: dict[str, Any]
) -> None:
    gateway = load(document).gateway
    assert gateway.page
    assert (gateway.guardrail, gateway.firewall, gateway.partners) == (None, None, None)
    assert not gateway.cache.exact
    assert not gateway.sign_in.self_sign_up


def test_models_are_offered_in_their_order(load: Load, document: dict[str, Any]) -> None:
    document["gateway"] = {"models": OFFERED, "fallback": ["nova-micro"]}
    settings = load(document)
    assert [model.key for model in settings.offered_models] == ["nova-lite", "nova-micro"]
    assert settings.gateway.models[1].fallback == ("nova-lite", "approved")


@pytest.mark.parametrize(
    ("gateway", "key", "message"),
    [
        (
            {"models": [{"model": "nova-light"}]},
            "gateway.models[0].model",
            "`nova-light` cannot be offered",
        ),
        (
            {"models": [{"model": "extractive-lead"}]},
            "gateway.models[0].model",
            "`extractive-lead` cannot be offered",
        ),
        (
            {"models": [{"model": "nova-lite"}, {"model": "nova-lite"}]},
            "gateway.models[1].model",
            "`nova-lite` is already offered",
        ),
        (
            {"models": [{"model": "smollm2-135m-instruct"}]},
            "gateway.models[0].imported_model_id",
            "`smollm2-135m-instruct` is answered by an import of your own",
        ),
        (
            {"models": [{"model": "nova-lite", "imported_model_id": "a1b2c3d4e5f6"}]},
            "gateway.models[0].imported_model_id",
            "`nova-lite` is not an imported model",
        ),
        (
            {"models": [{"model": "nova-lite", "fallback": ["nova-lite"]}]},
            "gateway.models[0].fallback[0]",
            "`nova-lite` falls back to itself",
        ),
        ({"fallback": ["approved"]}, "gateway.fallback[0]", "`approved` falls back to itself"),
        ({"fallback": ["nova-pro"]}, "gateway.fallback[0]", "`nova-pro` is not offered"),
        (
            {"models": OFFERED, "fallback": ["nova-lite", "nova-lite"]},
            "gateway.fallback[1]",
            "`nova-lite` is already in this list",
        ),
        (
            {"embeddings": {"model": "titan-embed"}},
            "gateway.embeddings.model",
            "`titan-embed` is no embedding model of the catalogue",
        ),
        (
            {"embeddings": {"model": "all-minilm-l6-v2"}},
            "gateway.embeddings.imported_model_id",
            "`all-minilm-l6-v2` is answered by an import of your own",
        ),
        (
            {"cache": {"exact": True, "semantic": {"least_similarity": 0.98}}},
            "gateway.cache.semantic",
            "there is no model to embed questions with",
        ),
        (
            {"embeddings": {"model": "titan-embed-text-v2"}, "cache": {"semantic": {"least_similarity": 0.98}}},
            "gateway.cache.exact",
            "a semantic cache looks for the very same question first",
        ),
        (
            {"least_evidence": 0.71},
            "gateway.least_evidence",
            "no passage reaches 0.71 by its words alone: they are evidence up to 0.7",
        ),
        (
            {"budget": {"caller_usd_per_day": 3, "usd_per_day": 2}},
            "gateway.budget.caller_usd_per_day",
            "one caller may spend 3 US dollars a day, and all together 2",
        ),
        ({"guardrail": {"profanity": False}}, "gateway.guardrail", "this guardrail looks for nothing"),
        (
            {"guardrail": {"mask": ["EMAIL"], "block": ["PASSWORD", "EMAIL"]}},
            "gateway.guardrail.block[1]",
            "`EMAIL` is masked already",
        ),
        ({"page": False, "sign_in": {"mfa": "required"}}, "gateway.sign_in", "there is no page to sign in to"),
        (
            {"partners": {"names": ["archive", "archive"]}},
            "gateway.partners.names[1]",
            "`archive` is already a partner",
        ),
    ],
)
def test_what_makes_no_sense_is_named_where_it_stands(
    problems: Problems, document: dict[str, Any], gateway: dict[str, Any], key: str, message: str
) -> None:
    document["gateway"] = gateway
    assert found(problems, document) == [(key, message)]


def test_every_problem_comes_with_a_remedy(problems: Problems, document: dict[str, Any]) -> None:
    document["gateway"] = {
        "models": [{"model": "nova-light"}, {"model": "nova-pro"}],
        "fallback": ["nova-prow"],
        "budget": {"usd_per_day": 0},
        "timeout_seconds": 1000,
        "guardrail": {"attacks": "fierce"},
        "partners": {"names": ["Archive"]},
    }
    remedies = {problem.key: problem.remedy for problem in problems(document)}
    assert remedies["gateway.budget.usd_per_day"] == "Write a number from 0.0001 to 1000000."
    assert remedies["gateway.timeout_seconds"] == "Write a whole number from 30 to 900."
    assert remedies["gateway.guardrail.attacks"] == "Choose `low`, `medium` or `high`."
    assert "`nova-lite`" in remedies["gateway.models[0].model"]
    assert remedies["gateway.fallback[0]"] == "Choose `nova-light` or `nova-pro`."
    assert "`reading-room`" in remedies["gateway.partners.names[0]"]
    assert len(remedies) == 6


def test_vectors_lie_where_they_cost_nothing_while_idle_unless_the_settings_say_otherwise(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    embeddings: dict[str, Any] = {"model": "titan-embed-text-v2"}
    document["gateway"] = {"embeddings": embeddings}
    found = load(document).gateway.embeddings
    assert found is not None
    assert found.vector_store == "s3-vectors"
    embeddings["vector_store"] = "opensearch"
    (problem,) = problems(document)
    assert (problem.key, problem.remedy) == (
        "gateway.embeddings.vector_store",
        "Choose `s3-vectors` or `opensearch-serverless`.",
    )


@pytest.mark.parametrize("name", ["aws-notes", "cognito-page"])
def test_a_name_that_cognito_takes_in_no_domain_needs_another_or_no_page(
    load: Load, problems: Problems, document: dict[str, Any], name: str
) -> None:
    document["name"] = name
    assert [key for key, _ in found(problems, document)] == ["name"]
    document["gateway"] = {"page": False}
    assert load(document).name == name


@pytest.mark.parametrize("arn", ["arn:aws:acm:eu-west-1:123456789012:certificate/0-0", "certificate"])
def test_cloudfront_wants_its_certificate_in_one_region(problems: Problems, document: dict[str, Any], arn: str) -> None:
    document["gateway"] = {"domain": {"name": "models.example.com", "certificate_arn": arn}}
    (problem,) = problems(document)
    assert problem.key == "gateway.domain.certificate_arn"
    assert "us-east-1" in problem.remedy
