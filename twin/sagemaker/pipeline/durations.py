"""ISO 8601 durations, in the forms that CacheConfig admits."""

from __future__ import annotations

import re

_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_SECONDS = {
    "years": 31_536_000,
    "months": 2_592_000,
    "weeks": 604_800,
    "days": 86_400,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}


def seconds(duration: str) -> int:
    """The length of a duration such as `P30D` or `PT1H30M`, in seconds. Raises ValueError for anything else."""
    matched = _DURATION.fullmatch(duration)
    given = {name: int(value) for name, value in (matched.groupdict() if matched else {}).items() if value}
    if not given:
        raise ValueError(f"'{duration}' is not an ISO 8601 duration.")
    return sum(_SECONDS[name] * value for name, value in given.items())
