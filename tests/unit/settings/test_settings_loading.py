"""What `load_settings` returns for a good file, and what it says about a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cdk_app.settings import ENVIRONMENTS, Problem, Settings, SettingsError, load_settings
from cdk_app.settings.declarations import Declaration, declarations

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]
Smallest = Callable[[], dict[str, Any]]

SECTIONS = [declared.path for declared in declarations().values() if declared.type == "object"]
NUMBERS = [declared for declared in declarations().values() if declared.maximum is not None]
LISTS = {"candidates", "ranges"}
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "nova-lite", "few-shot", "ml.g5.xlarge", "model"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "strategy", "x"]), inner),
    max_leaves=6,
)
FEW_LINES = """\
task: {instruction: Summarize.}
data:
  dataset: news
  columns: {text: body, target: summary}
selection:
  candidates:
    - model: nova-micro
"""


def put(document: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value deep in a document; a list on the way is entered at its first item."""
    *sections, last = path
    for step in sections:
        inner = document.setdefault(step, [{}] if step in LISTS else {})
        document = inner[0] if isinstance(inner, list) else inner
    document[last] = value


def test_a_file_with_only_the_required_keys_is_enough(load: Load, document: dict[str, Any]) -> None:
    settings = load(document)
    assert (settings.environment, settings.name) == ("dev", "fourfold")
    assert settings.tuning.rank == 16


def test_settings_cannot_be_changed_once_read(load: Load, document: dict[str, Any]) -> None:
    settings = load(document)
    with pytest.raises(ValidationError):
        settings.tuning.rank = 8
    assert isinstance(settings.selection.candidates, tuple)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_workflow_file_of_the_repository_is_valid(environment: str) -> None:
    settings = load_settings(Path(__file__).parents[3] / "workflow.yaml", environment)
    assert settings.environment == environment


def test_everything_wrong_is_reported_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    text = FEW_LINES + "tuning:\n  rank: 0\n  rnk: 3\n  model: nova-lite\nserving: {instance_type: ml.g5.xlarge}\n"
    assert [(problem.line, problem.key) for problem in problems(text)] == [
        (9, "tuning.rank"),
        (10, "tuning.rnk"),
        (11, "tuning.model"),
        (12, "serving.instance_type"),
    ]


def test_a_key_given_twice_is_reported_beside_the_other_problems(problems: Problems) -> None:
    text = FEW_LINES + "tuning:\n  rank: 8\n  rank: 9\n  alpha: 0\n"
    assert [(problem.line, problem.key) for problem in problems(text)] == [(10, "tuning.rank"), (11, "tuning.alpha")]


def test_a_problem_prints_file_line_key_message_and_remedy(problems: Problems) -> None:
    (problem,) = problems(FEW_LINES + "tuning:\n  rank: 0\n")
    assert str(problem).endswith(
        "workflow.yaml:9: tuning.rank: `0` is not allowed. Write a whole number from 1 to 256."
    )


def test_a_quality_floor_of_zero_is_refused(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["floor"] = 0
    (problem,) = problems(document)
    assert problem.key == "selection.floor"
    assert problem.remedy == "Write a number from 0.01 to 0.99."


def test_a_missing_key_is_reported_where_its_section_begins(problems: Problems) -> None:
    (problem,) = problems(FEW_LINES.replace("  dataset: news\n", ""))
    assert (problem.line, problem.key, problem.message) == (2, "data.dataset", "this key is missing")
    assert "prefix under which its files lie" in problem.remedy


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("selection.sample_size", "64", 'the text "64" is not a whole number'),
        ("selection.sample_size", True, "`true` is not a whole number"),
        ("tuning.enabled", "no", 'the text "no" is not `true` or `false`'),
        ("tuning.epochs", 1.5, "`1.5` is not a whole number"),
        ("serving", [], "a list is not a section"),
        ("selection.candidates", {}, "a section is not a list"),
        ("selection.candidates", [], "this is empty"),
        ("task.instruction", "", "this is empty"),
        ("data.dataset", None, "nothing is not text"),
        ("budget.notify_email", "nobody", "`nobody` is not allowed"),
        ("budget.notify_email", "a@b@c.org", "`a@b@c.org` is not allowed"),
    ],
)
def test_values_are_never_converted(
    problems: Problems, document: dict[str, Any], setting: str, value: object, message: str
) -> None:
    put(document, tuple(setting.split(".")), value)
    (problem,) = problems(document)
    assert (problem.key, problem.message) == (setting, message)


def test_a_whole_number_may_stand_where_a_fraction_may(load: Load, document: dict[str, Any]) -> None:
    document["budget"] = {"monthly_usd": 30}
    assert load(document).budget.monthly_usd == 30


def test_an_item_that_is_no_section_says_what_keys_it_has(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"].append("nova-lite")
    (problem,) = problems(document)
    assert problem.key == "selection.candidates[1]"
    assert "model, strategy, examples" in problem.remedy


@pytest.mark.parametrize("declared", NUMBERS, ids=lambda it: ".".join(it.path))
def test_values_just_outside_their_bounds_are_refused(
    problems: Problems, smallest: Smallest, declared: Declaration
) -> None:
    for value in (declared.minimum - 1, declared.maximum + 1):  # type: ignore[operator]
        document = smallest()
        put(document, declared.path, value)
        found = {problem.key.replace("[0]", "") for problem in problems(document)}
        assert ".".join(declared.path) in found, value


@pytest.mark.parametrize(
    ("written", "misspelt", "key"),
    [("selection:", "selecton:", "selecton"), ("task:", "tasks:", "tasks"), ("dataset:", "datset:", "data.datset")],
)
def test_a_misspelt_key_that_must_be_there_is_told_once_with_the_near_name(
    problems: Problems, written: str, misspelt: str, key: str
) -> None:
    (problem,) = problems(FEW_LINES.replace(written, misspelt, 1))
    assert (problem.key, problem.message) == (key, "unknown key")
    assert f"`{written.removesuffix(':')}`" in problem.remedy


def test_a_missing_key_beside_an_unknown_one_that_is_not_like_it_is_told_too(problems: Problems) -> None:
    found = problems(FEW_LINES.replace("  dataset: news\n", "  zzz: news\n"))
    assert {(problem.key, problem.message) for problem in found} == {
        ("data.dataset", "this key is missing"),
        ("data.zzz", "unknown key"),
    }


@given(section=st.sampled_from(SECTIONS), key=st.from_regex(r"[a-z_]{1,12}", fullmatch=True))
def test_any_unknown_key_is_reported_with_its_path(
    problems: Problems, smallest: Smallest, section: tuple[str, ...], key: str
) -> None:
    if key in {*declarations()[section].keys, "environments"}:
        return
    document = smallest()
    put(document, (*section, key), "anything")
    found = [problem for problem in problems(document) if problem.key == ".".join((*section, key))]
    assert [problem.message for problem in found] == ["unknown key"]


@given(section=st.sampled_from(SECTIONS), key=st.from_regex(r"[a-z_]{1,12}", fullmatch=True))
def test_any_unknown_key_of_an_environment_is_reported_with_its_path(
    problems: Problems, smallest: Smallest, section: tuple[str, ...], key: str
) -> None:
    if key in declarations()[section].keys:
        return
    document = smallest()
    put(document, ("environments", "twin", *section, key), "anything")
    keys = [problem.key for problem in problems(document)]
    assert ".".join(("environments", "twin", *section, key)) in keys


@given(path=st.sampled_from([path for path in declarations() if path]), value=TREES)
def test_whatever_stands_in_the_file_gives_settings_or_problems(
    load: Load, smallest: Smallest, path: tuple[str, ...], value: object
) -> None:
    document = smallest()
    put(document, path, value)
    problems: list[Problem] = []
    try:
        load(document)
    except SettingsError as error:
        problems = error.problems
    assert all(problem.line and problem.message and problem.remedy for problem in problems)


@pytest.mark.parametrize(
    ("section", "key", "remedy"),
    [
        ("tuning", "learning_rat", "Did you mean `learning_rate`?"),
        ("data", "rank", "It belongs to another section: `tuning.rank`."),
        ("budget", "xyz", "Remove it; the keys of `budget` are monthly_usd, notify_email."),
    ],
)
def test_an_unknown_key_comes_with_a_suggestion(
    problems: Problems, document: dict[str, Any], section: str, key: str, remedy: str
) -> None:
    document.setdefault(section, {})[key] = 1
    (problem,) = problems(document)
    assert problem.remedy == remedy


def test_the_environment_cannot_be_set_in_the_file(problems: Problems, document: dict[str, Any]) -> None:
    document["environment"] = "prod"
    (problem,) = problems(document)
    assert (problem.key, problem.message) == ("environment", "unknown key")


def test_a_wrong_environment_name_lists_the_right_ones(problems: Problems, document: dict[str, Any]) -> None:
    (problem,) = problems(document, "staging")
    assert problem.message == "there is no environment `staging`"
    assert problem.remedy == "Choose `dev`, `prod` or `twin`."


def test_a_missing_file_is_a_problem_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file") as refused:
        load_settings(tmp_path / "nowhere.yaml", "dev")
    assert refused.value.problems[0].file.endswith("nowhere.yaml")


@pytest.mark.parametrize(("method", "rate"), [("lora", 5e-4), ("full", 5e-5), ("frozen", 5e-5)])
def test_a_learning_rate_that_is_not_given_is_that_of_the_method(
    load: Load, document: dict[str, Any], method: str, rate: float
) -> None:
    document["tuning"] = {"method": method}
    assert load(document).tuning.peak_learning_rate == rate
    document["tuning"]["learning_rate"] = 2e-4
    assert load(document).tuning.peak_learning_rate == 2e-4
