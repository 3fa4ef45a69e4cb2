"""Personal data by pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.personal_data.iban import is_iban
from pipelines.preparation.personal_data import protect, redact
from pipelines.preparation.records import Example, Reason, Rejected

FINDS = [
    ("write to jane.doe+news@mail.example.co.uk.", "write to [EMAIL]."),
    ("<bob@example.com>", "<[EMAIL]>"),
    ("key AKIAIOSFODNN7EXAMPLE", "key [AWS_ACCESS_KEY]"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [AWS_SECRET_KEY]"),
    ("IBAN DE89 3704 0044 0532 0130 00, thanks", "IBAN [IBAN], thanks"),
    ("AT61 1904 3002 3457 3201 USED", "[IBAN] USED"),
    ("GB82WEST12345698765432", "[IBAN]"),
    ("card 4111 1111 1111 1111.", "card [CARD]."),
    ("card 378282246310005", "card [CARD]"),
    ("SSN 123-45-6789", "SSN [SSN]"),
    ("from 203.0.113.7, twice", "from [IP_ADDRESS], twice"),
    ("call +44 20 7946 0958 now", "call [PHONE] now"),
    ("call +1 (212) 555-0123", "call [PHONE]"),
    ("(212) 555-0123 or 212-555-0123", "[PHONE] or [PHONE]"),
    ("Tel.: 030 1234567", "Tel.: [PHONE]"),
]
CLEAN = [
    "version 1.2.3.4 of 10.0.0.0/16 in 192.168.1.10, 127.0.0.1 and 255.255.255.0",
    "account 123456789012, time 1718000000000, order 4111 1111 1111 1112",
    "arn:aws:iam::123456789012:role/x and 550e8400-e29b-41d4-a716-446655440000",
    "2024-01-15, 12:30:45, 1,234,567.89, 100-200, pages 030 1234567",
    "IBAN DE88 3704 0044 0532 0130 00 has a wrong checksum, and DE89 is short",
    "000-12-3456, 666-12-3456, 123-00-4567 and 12-345-6789",
    "@mention, a@b, user@localhost, git@ and 999.1.1.1",
    "C++ 17 +1 more, ISBN 978-3-16-148410-0",
]


@pytest.mark.parametrize(("text", "redacted"), FINDS)
def test_personal_data_is_replaced_by_its_type(text: str, redacted: str) -> None:
    assert redact(text)[0] == redacted


@pytest.mark.parametrize("text", CLEAN)
def test_ordinary_numbers_and_names_stay(text: str) -> None:
    assert redact(text) == (text, {})


def test_finds_are_counted_by_type_over_text_and_target() -> None:
    example, counts = protect(Example("a@example.com b@example.com 203.0.113.7", "to c@example.com"), "redact")
    assert example == Example("[EMAIL] [EMAIL] [IP_ADDRESS]", "to [EMAIL]")
    assert counts == {"email": 3, "ip_address": 1}


def test_drop_rejects_the_record_and_names_types_only() -> None:
    with pytest.raises(Rejected) as rejected:
        protect(Example("a@example.com and 123-45-6789", "clean"), "drop")
    assert rejected.value.reason is Reason.PERSONAL_DATA
    assert rejected.value.detail == "1 email, 1 ssn"


def test_drop_keeps_a_clean_record() -> None:
    assert protect(Example("clean", "clean"), "drop") == (Example("clean", "clean"), {})


@given(st.lists(st.sampled_from([text for text, _ in FINDS] + CLEAN), max_size=5).map(" | ".join))
def test_redacting_twice_finds_nothing_more(text: str) -> None:
    assert redact(redact(text)[0])[1] == {}




@given(st.integers(0, 96))
def test_an_iban_needs_its_check_digits(check: int) -> None:
    assert is_iban(f"DE{check:02} 3704 0044 0532 0130 00") == (check == 89)
