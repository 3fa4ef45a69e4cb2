"""Pairs of valid values that make no sense together: each is refused, and its harmless neighbour is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cdk_app.settings import Columns, Problem, Settings
from pipelines.formats.outputs import OUTPUTS

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]

EXTRACTIVE = {"model": "extractive-lead", "strategy": "extractive"}
IMPORTED = {"model": "smollm2-135m-instruct", "imported_model_id": "a1b2c3d4e5f6"}


def found(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.key, problem.message) for problem in problems]


# ---- task -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "metric", "remedy"),
    [
        ("classification", "rougeL", "Make it `macroF1` or `accuracy`."),
        ("question_answering", "accuracy", "Make it `exactMatch` or `tokenF1`."),
        ("summarization", "tokenF1", "Make it `rougeL` or `embeddingSimilarity`."),
    ],
)
def test_a_metric_that_does_not_suit_the_task_is_one_error_with_the_choices(
    problems: Problems, document: dict[str, Any], kind: str, metric: str, remedy: str
) -> None:
    document["task"]["kind"], document["selection"]["metric"] = kind, metric
    document["data"]["filters"] = {"min_target_words": 1}
    [problem] = problems(document)
    assert (problem.key, problem.message) == ("selection.metric", f"`{metric}` is no metric for {kind}")
    assert problem.remedy == remedy


@pytest.mark.parametrize(("kind", "metric"), [("classification", "macroF1"), ("question_answering", "exactMatch")])
def test_targets_of_one_word_must_be_let_through_where_labels_or_answers_are_wanted(
    load: Load, problems: Problems, document: dict[str, Any], kind: str, metric: str
) -> None:
    document["task"]["kind"], document["selection"]["metric"] = kind, metric
    assert [key for key, _ in found(problems(document))] == ["data.filters.min_target_words"]
    document["data"]["filters"] = {"min_target_words": 1}
    assert load(document).task.kind == kind


def test_the_baseline_that_copies_a_sentence_is_no_candidate_where_labels_are_wanted(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["selection"]["candidates"] += [EXTRACTIVE]
    assert load(document).task.kind == "summarization"
    document["task"]["kind"], document["selection"]["metric"] = "classification", "accuracy"
    document["data"]["filters"] = {"min_target_words": 1}
    [problem] = problems(document)
    assert problem.key == "selection.candidates[1]"
    assert "copies a sentence of the text, which is no label" in problem.message
    assert "a model with `zero-shot` or `few-shot`" in problem.remedy
    document["selection"]["candidates"].pop()
    assert load(document).task.kind == "classification"


def test_only_few_shot_chooses_examples(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    nova = {"model": "nova-micro", "choose": "similar"}
    document["selection"]["candidates"] = [nova]
    assert found(problems(document)) == [("selection.candidates[0].choose", "`zero-shot` shows no examples to choose")]
    document["selection"]["candidates"] = [nova | {"strategy": "few-shot", "examples": 2}]
    assert load(document).selection.candidates[0].choose == "similar"


# ---- data -------------------------------------------------------------------------------------------------


def test_text_and_target_must_be_different_columns(problems: Problems, document: dict[str, Any]) -> None:
    document["data"]["columns"] = {"text": "body", "target": "body"}
    assert found(problems(document)) == [("data.columns.target", "`body` is also the text column")]


@pytest.mark.parametrize(("text", "target"), [("Text", "text"), ("ÜBERSICHT", "übersicht")])
def test_columns_that_differ_in_their_capitals_alone_are_refused(
    problems: Problems, document: dict[str, Any], text: str, target: str
) -> None:
    document["data"]["columns"] = {"text": text, "target": target}
    message = f"`{target}` and the text column `{text}` are one column to Glue and Athena, which know no capitals"
    assert found(problems(document)) == [("data.columns.target", message)]


@pytest.mark.parametrize(("name", "mark"), [("meta.text", "dot"), ("text, long", "comma"), ("te\nxt", "line end")])
def test_a_column_that_no_table_can_have_is_refused_with_what_to_do(
    problems: Problems, document: dict[str, Any], name: str, mark: str
) -> None:
    document["data"]["columns"] = {"text": name, "target": "b"}
    (problem,) = problems(document)
    assert problem.key == "data.columns.text"
    assert problem.message == f"no table can have the column `{name}`, for its {mark}"
    assert "Call the column otherwise" in str(problem)
    document["data"]["columns"] = {"messages": name}
    assert [key for key, _ in found(problems(document))] == ["data.columns.messages"]


@pytest.mark.parametrize("name", ["Übersicht", 'the "text"', "two words", "a/b:c;d"])
def test_a_column_may_have_any_other_name(load: Load, document: dict[str, Any], name: str) -> None:
    document["data"]["columns"] = {"text": name, "target": "b"}
    columns = load(document).data.columns
    assert columns is not None
    assert columns.text == name


@pytest.mark.parametrize(("least", "most"), [("min_words", "max_words"), ("min_target_words", "max_target_words")])
def test_word_limits_must_leave_room(
    load: Load, problems: Problems, document: dict[str, Any], least: str, most: str
) -> None:
    document["data"]["filters"] = {least: 10, most: 9}
    assert [key for key, _ in found(problems(document))] == [f"data.filters.{least}"]
    document["data"]["filters"] = {least: 10, most: 10}
    load(document)


@pytest.mark.parametrize("what", ["words", "word_length"])
def test_thresholds_of_gopher_must_leave_room(
    load: Load, problems: Problems, document: dict[str, Any], what: str
) -> None:
    document["data"]["quality"] = {"thresholds": {f"gopher_min_{what}": 9, f"gopher_max_{what}": 8}}
    assert [key for key, _ in found(problems(document))] == [f"data.quality.thresholds.gopher_min_{what}"]
    document["data"]["quality"] = {"thresholds": {f"gopher_min_{what}": 9, f"gopher_max_{what}": 9}}
    load(document)


def test_validation_and_test_may_hold_out_half_and_no_more(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["data"]["split"] = {"validation": 0.25, "test": 0.26}
    assert found(problems(document)) == [
        ("data.split.test", "validation and test together hold out 51% of the records")
    ]
    document["data"]["split"] = {"validation": 0.2, "test": 0.3}
    load(document)


def test_chat_is_among_the_outputs_and_none_is_there_twice(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["data"]["outputs"] = ["parquet", "parquet"]
    assert found(problems(document)) == [
        ("data.outputs", "`chat` is missing, which training and evaluation read"),
        ("data.outputs", "`parquet` is named more than once"),
    ]
    document["data"]["outputs"] = []
    assert [key for key, _ in found(problems(document))] == ["data.outputs"]
    document["data"]["outputs"] = ["chat", "csv"]
    assert [key for key, _ in found(problems(document))] == ["data.outputs[1]"]
    document["data"]["outputs"] = ["parquet", "chat"]
    assert load(document).data.outputs == ("parquet", "chat")


def test_every_output_that_can_be_written_can_be_named(load: Load, document: dict[str, Any]) -> None:
    document["data"]["outputs"] = list(OUTPUTS)
    assert load(document).data.outputs == OUTPUTS


def test_a_split_by_strata_looks_for_near_duplicates(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["data"] |= {"split": {"stratify": "target"}, "near_duplicates": {"action": "off"}}
    (problem,) = problems(document)
    assert (problem.key, problem.remedy) == ("data.near_duplicates.action", "Set it to drop or keep.")
    document["data"]["near_duplicates"] = {"action": "keep"}
    load(document)


def test_the_smallest_data_set_must_fill_every_split(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["data"] |= {"minimum_records": 49, "split": {"test": 0.02}}
    (problem,) = problems(document)
    assert (problem.key, problem.remedy) == (
        "data.minimum_records",
        "Ask for at least 50 records, or enlarge the split.",
    )
    document["data"]["minimum_records"] = 50
    load(document)


# ---- models -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "key", "message"),
    [
        ({"model": "nova-micron"}, "model", "`nova-micron` is not in the model catalogue"),
        ({"model": "titan-embed-text-v2"}, "model", "`titan-embed-text-v2` is a model for embeddings"),
        ({"model": "nova-lite", "strategy": "few-shot"}, "examples", "few-shot needs a number of examples"),
        ({"model": "nova-lite", "examples": 2}, "examples", "`zero-shot` shows no examples"),
        (EXTRACTIVE | {"examples": 2}, "examples", "`extractive` shows no examples"),
        ({"model": "nova-lite", "strategy": "extractive"}, "strategy", "`nova-lite` writes, it does not extract"),
        (
            {"model": "extractive-lead"},
            "strategy",
            "`extractive-lead` is the extractive baseline and asks no model",
        ),
        (
            {"model": "smollm2-135m-instruct"},
            "imported_model_id",
            "`smollm2-135m-instruct` is answered by an import of your own",
        ),
        (
            {"model": "nova-lite", "imported_model_id": "a1b2c3d4e5f6"},
            "imported_model_id",
            "`nova-lite` is not an imported model",
        ),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused(
    problems: Problems, document: dict[str, Any], candidate: dict[str, Any], key: str, message: str
) -> None:
    document["selection"]["candidates"].append(candidate)
    assert found(problems(document)) == [(f"selection.candidates[1].{key}", message)]


@pytest.mark.parametrize("candidate", [EXTRACTIVE, IMPORTED, IMPORTED | {"strategy": "few-shot", "examples": 2}])
def test_a_candidate_that_makes_sense_is_accepted(
    load: Load, document: dict[str, Any], candidate: dict[str, Any]
) -> None:
    document["selection"]["candidates"].append(candidate)
    assert len(load(document).selection.candidates) == 2


def test_a_model_that_is_not_in_the_catalogue_comes_with_the_nearest_ones(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["selection"]["candidates"] = [{"model": "claude-haiku"}]
    (problem,) = problems(document)
    assert problem.remedy == "Did you mean `claude-haiku-5-5`, `claude-haiku-4-5` or `claude-opus-5`?"


def test_the_same_candidate_twice_is_refused(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [{"model": "nova-lite"}, {"model": "nova-lite", "strategy": "zero-shot"}]
    assert found(problems(document)) == [("selection.candidates[1]", "`nova-lite`, zero-shot, is already a candidate")]
    document["selection"]["candidates"][1] |= {"strategy": "few-shot", "examples": 2}
    load(document)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_model_that_cannot_be_customised_is_not_tuned(
    problems: Problems, document: dict[str, Any], enabled: bool
) -> None:
    document["tuning"] = {"model": "claude-haiku-4-5", "enabled": enabled}
    (problem,) = problems(document)
    assert problem.key == "tuning.model"
    assert "cannot be customised" in problem.message
    assert problem.remedy == "Choose `smollm2-135m-instruct`."


def test_an_unknown_model_is_not_tuned(problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"model": "smollm2"}
    assert found(problems(document)) == [("tuning.model", "`smollm2` is not in the model catalogue")]


@pytest.mark.parametrize(
    ("fitting", "exceeding", "key"),
    [
        ((3968, 128), (3969, 128), "tuning.max_length"),
        ((256, 3840), (256, 3841), "serving.max_output_tokens"),
        ((32, 4064), (32, 8192), "serving.max_output_tokens"),
    ],
)
def test_an_answer_leaves_room_for_a_prompt_as_long_as_those_that_the_model_is_trained_on(
    load: Load,
    problems: Problems,
    document: dict[str, Any],
    fitting: tuple[int, int],
    exceeding: tuple[int, int],
    key: str,
) -> None:
    """Where they do not fit together, the one that asks for more is the one to change."""

    def asking_for(lengths: tuple[int, int]) -> dict[str, Any]:
        prompt, answer = lengths
        return document | {"tuning": {"max_length": prompt}, "serving": {"max_output_tokens": answer}}

    load(asking_for(fitting))
    (problem,) = problems(asking_for(exceeding))
    assert problem.key == key
    assert problem.message.startswith("prompt and answer share 4096 tokens")
    assert problem.remedy == "Make `tuning.max_length` and `serving.max_output_tokens` together 4096 or less."


def test_without_tuning_the_endpoint_s_context_limits_nothing(load: Load, document: dict[str, Any]) -> None:
    document["tuning"] = {"enabled": False}
    document["serving"] = {"max_output_tokens": 8192}
    assert load(document).serving.max_output_tokens == 8192


# ---- hosting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance_type", "what"),
    [("ml.g5.xlarge", "a GPU instance"), ("ml.inf2.xlarge", "a GPU instance"), ("ml.c7i.xlarge", "an instance")],
)
def test_a_serverless_endpoint_has_no_instance_and_least_of_all_a_gpu(
    problems: Problems, document: dict[str, Any], instance_type: str, what: str
) -> None:
    document["serving"] = {"instance_type": instance_type}
    message = f"a serverless endpoint cannot have {what} (`{instance_type}`)"
    assert found(problems(document)) == [("serving.instance_type", message)]


def test_a_serverless_endpoint_has_no_instances_to_count(problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"instance_count": 2}
    assert [key for key, _ in found(problems(document))] == ["serving.instance_count"]


def test_a_real_time_endpoint_needs_an_instance_type(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"mode": "real-time"}
    assert found(problems(document)) == [("serving.instance_type", "a real-time endpoint needs an instance type")]
    document["serving"] = {"mode": "real-time", "instance_type": "ml.c7i.xlarge", "instance_count": 2}
    assert load(document).serving.instance_count == 2


@pytest.mark.parametrize(
    ("instance_type", "why"),
    [
        ("ml.g5.xlarge", "leaves idle"),
        ("ml.trn1.2xlarge", "leaves idle"),
        ("ml.inf2.xlarge", "leaves idle"),
        ("ml.c7g.xlarge", "Arm processor"),
        ("ml.m8g.large", "Arm processor"),
    ],
)
def test_an_instance_that_the_serving_image_cannot_use_is_refused(
    problems: Problems, document: dict[str, Any], instance_type: str, why: str
) -> None:
    document["serving"] = {"mode": "real-time", "instance_type": instance_type}
    (problem,) = problems(document)
    assert problem.key == "serving.instance_type"
    assert why in problem.message


@pytest.mark.parametrize(
    ("setting", "instance_type", "use"),
    [
        ("instance_type", "ml.g5.xlagre", "training jobs"),
        ("instance_type", "ml.inf2.xlarge", "training jobs"),
        ("evaluation_instance_type", "ml.g5.xlagre", "processing jobs"),
        ("evaluation_instance_type", "ml.trn1.2xlarge", "processing jobs"),
    ],
)
def test_an_instance_type_that_sagemaker_lacks_for_its_use_is_refused(
    problems: Problems, document: dict[str, Any], setting: str, instance_type: str, use: str
) -> None:
    document["tuning"] = {setting: instance_type}
    assert found(problems(document)) == [(f"tuning.{setting}", f"SageMaker has no `{instance_type}` for {use}")]


def test_an_endpoint_on_an_unknown_instance_type_is_refused(problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"mode": "real-time", "instance_type": "ml.c7i.xlagre"}
    (problem,) = problems(document)
    assert problem.message == "SageMaker has no `ml.c7i.xlagre` for endpoints"
    assert "`ml.c7i.xlarge`" in problem.remedy


def test_the_api_of_prod_is_never_open(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["gateway"] = {"authorization": "none"}
    assert found(problems(document)) == [("gateway.authorization", "`none` opens the API of `prod` to everyone")]
    document["gateway"] = {}
    document["environments"] = {"dev": {"gateway": {"authorization": "none"}}}
    assert load(document, "dev").gateway.authorization == "none"


# ---- rules on a file with other mistakes in it ------------------------------------------------------------


def test_an_illegal_pair_is_reported_beside_a_bad_bound_in_the_same_section(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["serving"] = {"memory_mb": 5, "instance_type": "ml.g5.xlarge"}
    assert {key for key, _ in found(problems(document))} == {"serving.memory_mb", "serving.instance_type"}


def test_an_illegal_pair_is_reported_beside_a_missing_key_in_the_same_section(
    problems: Problems, document: dict[str, Any]
) -> None:
    del document["data"]["dataset"]
    document["data"]["split"] = {"validation": 0.5, "test": 0.5}
    assert {key for key, _ in found(problems(document))} == {"data.dataset", "data.split.test"}


def test_rules_keep_silent_about_values_that_are_invalid_by_themselves(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["serving"] = {"mode": "realtime", "instance_type": "ml.g5.xlarge"}
    document["tuning"] = {"model": 3, "max_length": 100_000}
    assert {key for key, _ in found(problems(document))} == {"serving.mode", "tuning.model"}


def test_good_candidates_are_examined_between_broken_ones(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = ["x", {"model": "nova-mini"}, {"strategy": "few-shot"}, EXTRACTIVE]
    assert [key for key, _ in found(problems(document))] == [
        "selection.candidates[0]",
        "selection.candidates[1].model",
        "selection.candidates[2].model",
    ]


@pytest.mark.parametrize("nonsense", [3, "many", None, []])
def test_rules_run_beside_a_section_that_is_none(
    problems: Problems, document: dict[str, Any], nonsense: object
) -> None:
    document["data"] |= {"filters": nonsense, "split": {"validation": 0.5, "test": 0.5}}
    assert {key for key, _ in found(problems(document))} == {"data.filters", "data.split.test"}


def test_a_candidate_with_an_unknown_key_is_examined_all_the_same(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [{"model": "nova-mini", "temperature": 1}]
    assert {key for key, _ in found(problems(document))} == {
        "selection.candidates[0].model",
        "selection.candidates[0].temperature",
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"messages": "m", "text": "body"}, "data.columns.messages"),
        ({"text": "body"}, "data.columns.target"),
        ({"target": "summary"}, "data.columns.text"),
        ({"messages": "m", "rejected": "M"}, "data.columns.rejected"),
        ({"text": "body", "rejected": "worse"}, "data.columns.target"),
        ({}, "data.columns.text"),
    ],
)
def test_columns_must_make_a_record(
    problems: Problems, document: dict[str, Any], columns: dict[str, str], expected: str
) -> None:
    document["data"]["columns"] = columns
    assert [key for key, _ in found(problems(document))] == [expected]


@pytest.mark.parametrize(
    "columns",
    [{"text": "prompt", "target": "chosen", "rejected": "worse"}, {"messages": "chosen", "rejected": "worse"}],
)
def test_dpo_asks_for_a_rejected_answer(
    load: Callable[..., Settings], problems: Problems, document: dict[str, Any], columns: dict[str, str]
) -> None:
    document["tuning"] = {"objective": "dpo"}
    document["data"]["columns"] = columns
    settings = load(document)
    assert settings.tuning.peak_learning_rate == pytest.approx(5e-5)
    assert settings.data.columns
    assert settings.data.columns.names[-1] == "worse"
    del columns["rejected"]
    assert [key for key, _ in found(problems(document))] == ["tuning.objective"]


@pytest.mark.parametrize("columns", [None, {"messages": "m"}])
def test_columns_may_be_left_to_the_files_or_be_a_conversation(
    load: Callable[..., Settings], document: dict[str, Any], columns: dict[str, str] | None
) -> None:
    del document["data"]["columns"]
    if columns:
        document["data"]["columns"] = columns
    assert load(document).data.columns == (Columns(**columns) if columns else None)


def test_the_evaluation_set_is_another_data_set_and_needs_the_search_for_near_duplicates(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["data"] |= {"evaluation_set": "news", "near_duplicates": {"action": "off"}}
    assert [key for key, _ in found(problems(document))] == ["data.evaluation_set", "data.near_duplicates.action"]


def test_tokens_are_counted_where_a_model_is_tuned_and_may_be_more_than_it_is_trained_on(
    problems: Problems, load: Callable[..., Settings], document: dict[str, Any]
) -> None:
    document["data"]["filters"] = {"max_tokens": 4000}
    document["tuning"] = {"enabled": True, "max_length": 256}
    assert load(document).data.filters.max_tokens == 4000
    document["tuning"] = {"enabled": False}
    assert [key for key, _ in found(problems(document))] == ["data.filters.max_tokens"]


def test_no_tokens_are_counted_by_default_whatever_is_tuned(
    load: Callable[..., Settings], document: dict[str, Any]
) -> None:
    document["tuning"] = {"enabled": False}
    assert load(document).data.filters.max_tokens == 0


def test_rules_on_glue_need_columns_to_stand_on(problems: Problems, document: dict[str, Any]) -> None:
    del document["data"]["columns"]
    document["data"]["quality_rules"] = {"on_glue": True}
    assert [key for key, _ in found(problems(document))] == ["data.quality_rules.on_glue"]


# ---- machines that train ----------------------------------------------------------------------------------


def test_a_warm_pool_of_spot_instances_is_refused(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"spot": True, "keep_alive_minutes": 10}
    [(key, message)] = found(problems(document))
    assert (key, message) == ("tuning.keep_alive_minutes", "SageMaker keeps no spot instances ready for the next job")
    for tuning in ({"spot": True}, {"keep_alive_minutes": 10}):
        document["tuning"] = tuning
        load(document)


def test_waiting_for_spot_instances_takes_at_least_as_long_as_running(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["tuning"] = {"spot": True, "max_runtime_minutes": 60, "max_wait_minutes": 59}
    [(key, message)] = found(problems(document))
    assert key == "tuning.max_wait_minutes"
    assert "includes the 60 minutes" in message
    document["tuning"]["max_wait_minutes"] = 60
    assert load(document).tuning.longest_wait_minutes == 60
    del document["tuning"]["max_wait_minutes"]
    assert load(document).tuning.longest_wait_minutes == 120


def test_without_spot_instances_nothing_is_waited_for(problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"max_wait_minutes": 600}
    assert found(problems(document)) == [("tuning.max_wait_minutes", "nothing is waited for without spot instances")]
