"""Rules on what automatic model tuning searches: each trial must be one that the settings would allow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from cdk_app.settings.declarations import Declaration, declarations
from cdk_app.settings.document import KeyPath
from cdk_app.settings.rules.rule import Breach, Subject, rule
from cdk_app.settings.search import HYPERPARAMETERS, ONLY_FOR, SearchRange

SEARCH: KeyPath = ("tuning", "search")
RANGES: KeyPath = (*SEARCH, "ranges")


@rule("tuning.search", "tuning.search.ranges")
def ranges_are_within_the_settings(subject: Subject) -> Iterator[Breach]:
    """What a setting may not be, no trial may try."""
    for path, one in _ranges(subject):
        if one.setting in HYPERPARAMETERS:
            yield from _range_breaches(path, one, declarations()[("tuning", one.setting)])
        else:
            message = f"`{one.setting}` cannot be searched"
            yield Breach((*path, "setting"), message, f"Choose one of {', '.join(HYPERPARAMETERS)}.")


@rule("tuning.search", "tuning.search.ranges")
def each_setting_is_searched_once(subject: Subject) -> Iterator[Breach]:
    """Two ranges of one setting would be two values of one trial."""
    seen: set[str] = set()
    for path, one in _ranges(subject):
        if one.setting in seen:
            message = f"`{one.setting}` is searched already"
            yield Breach((*path, "setting"), message, "Keep one of the two ranges.")
        seen.add(one.setting)


@rule("tuning.method", "tuning.search", "tuning.search.ranges")
def what_is_searched_matters(subject: Subject) -> Iterator[Breach]:
    """A setting that the method does not read makes every trial the same."""
    method = subject.settings.tuning.method
    for path, one in _ranges(subject):
        if ONLY_FOR.get(one.setting, method) != method:
            message = f"method `{method}` does not read `{one.setting}`"
            yield Breach((*path, "setting"), message, f"Remove it, or set `tuning.method: {ONLY_FOR[one.setting]}`.")


@rule("tuning.search", "tuning.search.trials", "tuning.search.at_once", "tuning.search.ranges")
def there_is_enough_to_try(subject: Subject) -> Iterator[Breach]:
    """SageMaker refuses more trials than there are combinations, and to run more at once than there are."""
    search = subject.settings.tuning.search
    if search is None:
        return
    if search.at_once > search.trials:
        message = f"{search.at_once} trials at once are more than the {search.trials} in all"
        yield Breach((*SEARCH, "at_once"), message, f"Make it {search.trials} at most.")
    ranges = [one for _, one in _ranges(subject)]
    if len(ranges) < len(search.ranges):
        return  # how many there are is known once each of them is mended
    if search.trials > (most := _combinations(ranges)):
        message = f"{search.trials} trials are more than the {most:g} combinations of what is searched"
        yield Breach((*SEARCH, "trials"), message, f"Make it {most:g} at most, or search more.")


def _ranges(subject: Subject) -> Iterator[tuple[KeyPath, SearchRange]]:
    """The valid ranges and where each stands."""
    search = subject.settings.tuning.search
    for index, one in enumerate(search.ranges if search else ()):
        path = (*RANGES, index)
        if not any(broken[: len(path)] == path for broken in subject.invalid):
            yield path, one


def _range_breaches(path: KeyPath, one: SearchRange, setting: Declaration) -> Iterator[Breach]:
    ends = [end for end in (one.minimum, one.maximum) if end is not None]
    if (one.values is None) == (not ends) or len(ends) == 1:
        remedy = "Write both `minimum` and `maximum`, or `values`."
        yield Breach(path, "a range has either two ends or a list of values", remedy)
        return
    if setting.type == "string" and ends:
        yield Breach(path, f"`{one.setting}` is no number", f"Write `values`: {', '.join(map(str, setting.choices))}.")
        return
    key = "values" if ends == [] else None
    for value, name in [(value, key) for value in one.values or ()] + list(
        zip(ends, ("minimum", "maximum"), strict=False)
    ):
        if problem := _problem(value, setting):
            yield Breach((*path, str(name)), f"`{value}` {problem}", "Keep to what the setting itself may be.")
    if len(ends) == 2 and not ends[0] < ends[1]:
        yield Breach((*path, "maximum"), f"`{ends[1]}` is not above the minimum `{ends[0]}`", "Exchange them.")
    if ends and one.scale == "logarithmic" and ends[0] <= 0:
        yield Breach((*path, "minimum"), "a logarithmic scale begins above 0", "Raise it, or make the scale `linear`.")


def _problem(value: float | str, setting: Declaration) -> str | None:
    """Say why the setting could not have this value."""
    if setting.choices:
        return None if value in setting.choices else f"is none of {', '.join(map(str, setting.choices))}"
    if isinstance(value, str):
        return "is not a number"
    if setting.type == "integer" and value != int(value):
        return "is not a whole number"
    low, high = setting.minimum, setting.maximum
    if low is not None and high is not None and not low <= value <= high:
        return f"is not between {low:g} and {high:g}, as `tuning.{setting.path[-1]}` has to be"
    return None


def _combinations(ranges: Iterable[SearchRange]) -> float:
    counts: list[float] = []
    for one in ranges:
        declared = declarations().get(("tuning", one.setting))
        if one.values is not None:
            counts.append(len(set(one.values)))
        elif declared and declared.type == "integer" and one.minimum is not None and one.maximum is not None:
            counts.append(one.maximum - one.minimum + 1)
        else:
            counts.append(math.inf)
    return math.prod(counts)
