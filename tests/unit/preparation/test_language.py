"""Which language a text is in, and which texts that refuses."""

import json
import sys
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings.languages import Language as DeclaredLanguage
from pipelines.preparation import language
from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.language import (
    MIN_PROBABILITY,
    MIN_PROBABILITY_OF_ANOTHER,
    NO_LANGUAGE,
    check_language,
    glimpse,
    language_probabilities,
)
from pipelines.preparation.records import Reason, Rejected
from pipelines.preparation.settings import Settings

TEXTS = {
    "en": "The agent restarts the task when its health check fails three times in a row.",
    "de": "Der Agent startet die Aufgabe neu, wenn ihre Prüfung dreimal hintereinander fehlschlägt.",
    "fr": "L'agent redémarre la tâche lorsque son contrôle échoue trois fois de suite.",
    "es": "El agente reinicia la tarea cuando su comprobación falla tres veces seguidas.",
    "ja": "ヘルスチェックが三回続けて失敗すると、エージェントはタスクを再起動します。",
    "ru": "Агент перезапускает задачу, если проверка три раза подряд завершается неудачей.",
}


@pytest.mark.parametrize("code", TEXTS)
def test_a_text_in_a_language_that_is_asked_for_passes_and_its_language_is_told(code: str) -> None:
    found = check_language(TEXTS[code], (code, "sw"))
    assert found.code == code
    assert found.probability > 0.5


@pytest.mark.parametrize("code", [code for code in TEXTS if code != "en"])
def test_a_text_in_another_language_is_refused_with_what_was_found(code: str) -> None:
    with pytest.raises(Rejected) as rejected:
        check_language(TEXTS[code], ("en", "sw"))
    assert rejected.value.reason == Reason.OTHER_LANGUAGE
    assert rejected.value.detail.startswith(f"the language is {code} (probability ")
    assert rejected.value.detail.endswith("0.00 for what data.languages asks for: en, sw)")


@pytest.mark.parametrize(
    ("text", "most_probable"),
    [
        ("Returns a unique deletion task identifier.", "fr"),
        ("bootMode valid values are LEGACY_BIOS | UEFI | USE_SOURCE", "et"),
        ("Amazon EBS, Amazon FSx, Neptune, and Amazon RDS.", "en"),
        ("For more information, see Using Tagging.", "en"),
    ],
)
def test_short_technical_english_passes_where_another_language_or_none_is_probable(
    text: str, most_probable: str
) -> None:
    assert check_language(text, ("en",)).code == most_probable


CODE = ">>> c.data.value\n4711\n>>> c.data[:2]\n[(1, 2), (3, 4)]\n>>> del c; x = y.z[0]"


def test_what_has_no_language_that_is_probable_is_not_refused_for_one() -> None:
    found = check_language(CODE, ("sw", "de"))
    assert found.probability < MIN_PROBABILITY_OF_ANOTHER or found.code == NO_LANGUAGE


def test_of_several_improbable_languages_that_are_asked_for_all_count_together() -> None:
    probabilities = language_probabilities("Returns a unique deletion task identifier.")
    alone = [code for code, value in probabilities.items() if 0.005 < value < MIN_PROBABILITY]
    for code in alone:
        with pytest.raises(Rejected):
            check_language("Returns a unique deletion task identifier.", (code,))
    assert sum(probabilities[code] for code in alone) > MIN_PROBABILITY
    check_language("Returns a unique deletion task identifier.", tuple(alone))


def test_a_language_that_the_model_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(InvalidArguments, match=r"data\.languages names english, which .* choose from ace, af, am"):
        check_language("Any text will do.", ("en", "english"))


def test_settings_offer_exactly_the_languages_that_the_model_knows() -> None:
    no_language = {"zxx"}
    assert set(get_args(DeclaredLanguage)) == set(language_probabilities("Any text will do.")) - no_language


def test_probabilities_come_with_the_greatest_first_and_add_up() -> None:
    probabilities = list(language_probabilities(TEXTS["fr"]).values())
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)


def test_of_a_long_text_the_beginning_the_middle_and_the_end_are_looked_at() -> None:
    assert glimpse("a" * 900) == "a" * 900
    assert glimpse("a" * 1000 + "b" * 300 + "c" * 1000) == "\n".join(["a" * 300, "b" * 300, "c" * 300])


@given(st.text(max_size=3000))
def test_what_is_looked_at_is_bounded_and_never_nothing(text: str) -> None:
    assert len(glimpse(text)) <= 3 * 300 + 2
    assert bool(glimpse(text)) == bool(text)


@given(st.text(max_size=200))
def test_any_text_has_a_language(text: str) -> None:
    assert 0 < max(language_probabilities(text).values()) <= 1.0001


def test_a_job_without_the_model_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    language._identifier.cache_clear()
    try:
        with pytest.raises(InvalidArguments, match=r"needs the package py3langid.*deploy the job and its settings"):
            check_language("Any text will do.", ("en",))
    finally:
        language._identifier.cache_clear()


def test_the_job_reads_the_languages_of_its_settings(settings_document: dict[str, Any]) -> None:
    settings_document["data"]["languages"] = ["en", "de"]
    assert Settings.from_json(json.dumps(settings_document)).languages == ("en", "de")
