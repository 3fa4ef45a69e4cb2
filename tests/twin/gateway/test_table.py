"""The gateway's table: what is written is read, by its keys alone."""

from __future__ import annotations

import pytest

from lambdas.gateway.table import Table, fits


def test_an_item_is_read_as_it_was_written_and_gone_once_deleted(table: Table) -> None:
    table.put("A#1", "x", {"text": "né ✓", "count": 3, "bytes": b"\x00\xff"}, expires_at=99)
    expected = {"sk": "x", "text": "né ✓", "count": 3, "bytes": b"\x00\xff", "expires_at": 99}
    assert table.get("A#1", "x") == expected
    assert (table.get("A#1", "y"), table.get("A#2", "x")) == (None, None)
    assert table.delete("A#1", "x") == expected
    assert (table.delete("A#1", "x"), table.get("A#1", "x")) == (None, None)


def test_numbers_are_added_up_from_nothing(table: Table) -> None:
    assert table.add("U", "d", {"a": 2, "b": 0}, expires_at=9) == {"a": 2, "b": 0}
    assert table.add("U", "d", {"a": 3, "b": 1}, expires_at=9) == {"a": 5, "b": 1}
    assert table.get("U", "d") == {"sk": "d", "a": 5, "b": 1, "expires_at": 9}


def test_items_of_one_partition_come_the_last_first_as_many_as_asked_for(table: Table) -> None:
    for number in range(30):
        table.put("L", f"{number:02d}", {"text": "x" * 50_000, "shown": number})
    table.put("M", "99", {"shown": 1})
    # More than a page of DynamoDB, which ends at a mebibyte.
    found = list(table.items("L", ("shown",), limit=25))
    assert found == [{"sk": f"{number:02d}", "shown": number} for number in range(29, 4, -1)]
    assert list(table.items("nobody", (), limit=3)) == []


def test_keys_and_expiry_are_no_fields_of_an_items_own(table: Table) -> None:
    with pytest.raises(ValueError, match="pk, expires_at"):
        table.put("A", "x", {"pk": "B", "expires_at": 1})


def test_what_dynamodb_would_refuse_for_its_size_does_not_fit(table: Table) -> None:
    whole = {"text": "é" * 203_000}
    assert fits(whole)
    table.put("A", "x", whole)
    assert not fits({"text": "é" * 204_800})
