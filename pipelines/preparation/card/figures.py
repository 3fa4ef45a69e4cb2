"""Numbers and names as a person reads them."""

from typing import Any


def count(number: int) -> str:
    """Write a number with its thousands: `12,345`."""
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """Write a share in per cent; what is there is never written as nothing, nor what is not all as all."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.{0 if percent in (0, 100) else 1}f} %"


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def span(bounds: list[Any] | None) -> str:
    """Write a bin of lengths: `40–49`, `5`, `1,000,000 or more`."""
    if bounds is None:
        return "–"
    first, last = bounds
    if last is None:
        return f"{count(first)} or more"
    return count(first) if first == last else f"{count(first)}–{count(last)}"


def size(number: int) -> str:
    """Write a number of bytes in a unit that suits it."""
    for limit, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return plural(number, "byte")


def name(identifier: str) -> str:
    """Write the name of a reason, stage or type: `ip_address` as `ip address`."""
    return identifier.replace("_", " ")


def place(source: dict[str, Any]) -> str:
    """Write where a record comes from."""
    return f"line {source['line']} of {source['key']}" if "line" in source else str(source["key"])
