"""What counts as personal data, and what becomes of it under each policy."""

import pytest

from pipelines.preparation.personal_data import protect, redact
from pipelines.preparation.records import Example, Reason, Rejected
from tests.unit.preparation.personal_data.examples import CLEAN, FINDS


@pytest.mark.parametrize(("text", "redacted"), FINDS)
def test_personal_data_is_replaced_by_its_type(text: str, redacted: str) -> None:
    assert redact(text)[0] == redacted


@pytest.mark.parametrize("text", CLEAN)
def test_ordinary_numbers_and_names_stay(text: str) -> None:
    assert redact(text) == (text, {})


PERSONAL = Example("a@example.com b@example.com 84.21.7.250", "to c@example.com")


def test_redact_replaces_and_counts_by_type_over_text_and_target() -> None:
    example, counts = protect(PERSONAL, "redact")
    assert example == Example("[EMAIL] [EMAIL] [IP_ADDRESS]", "to [EMAIL]")
    assert counts == {"email": 3, "ip_address": 1}


def test_tag_counts_and_keeps_the_text() -> None:
    assert protect(PERSONAL, "tag") == (PERSONAL, {"email": 3, "ip_address": 1})


def test_off_does_not_look() -> None:
    assert protect(PERSONAL, "off") == (PERSONAL, {})


def test_drop_rejects_the_record_and_names_types_only() -> None:
    with pytest.raises(Rejected) as rejected:
        protect(Example("a@example.com and 123-45-6789", "clean"), "drop")
    assert rejected.value.reason is Reason.PERSONAL_DATA
    assert rejected.value.detail == "1 email, 1 ssn"


@pytest.mark.parametrize("text", [text for text, _ in FINDS])
def test_nothing_of_a_value_is_in_the_detail_of_a_rejection(text: str) -> None:
    with pytest.raises(Rejected) as rejected:
        protect(Example(text, "clean"), "drop")
    counts = redact(text)[1]
    assert rejected.value.detail == ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def test_drop_keeps_a_clean_record() -> None:
    assert protect(Example("clean", "clean"), "drop") == (Example("clean", "clean"), {})
