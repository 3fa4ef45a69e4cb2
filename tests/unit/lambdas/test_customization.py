"""Bedrock's branch of a run: data is judged before it is sent, the custom model beside its base, throughput ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.check_training_data import handler as check
from lambdas.compare_with_champion import handler as compare
from lambdas.expire_throughput import handler as expire
from lambdas.judge_customization import handler as judge
from lambdas.shared.errors import AccessDenied, EvaluationIncomplete
from tests.unit.lambdas.conftest import refusal

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Json = dict[str, Any]
FOLDER = "news/run=run-7/bedrock-conversation"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abcdefghijkl"


def conversation(question: str) -> Json:
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [{"text": "An answer."}]},
        ],
    }


@pytest.fixture
def customizing(run: Json) -> Json:
    """A run that customizes Nova Micro."""
    return {
        **run,
        "tuning": {"MaxExamples": "12", "TestExamples": "200"},
        "tuning_service": "bedrock",
        "customization": {
            "name": "fourfold-dev-0123456789abcdef",
            "format": "bedrock-conversation",
            "hyperparameters": {"epochCount": "2"},
            "serving": "on-demand",
            "base": run["candidates"][1],
            "billed_as_base": True,
        },
    }


@pytest.fixture
def data(cloud: Cloud) -> Callable[..., None]:
    """Put training data in two files, and validation data."""

    def put(*questions: str) -> None:
        half = len(questions) // 2
        for number, part in enumerate((questions[:half], questions[half:])):
            cloud.put("curated", f"{FOLDER}/train/part-{number}.jsonl", *map(conversation, part))
        cloud.put("curated", f"{FOLDER}/validation/part-0.jsonl", conversation("What is it?"))

    return put


def test_training_data_becomes_one_file_of_as_many_records_as_are_asked_for(
    cloud: Cloud, context: Context, customizing: Json, data: Callable[..., None]
) -> None:
    data(*(f"Question {number}?" for number in range(20)))
    answer = check.handle({"run": customizing}, context)
    assert answer["training_uri"] == "s3://models/customization/run-7/train.jsonl"
    assert answer["training_records"] == 12
    written = cloud.lines("models", "customization/run-7/train.jsonl")
    assert len(written) == 12
    assert cloud.lines("models", "customization/run-7/validation.jsonl") == [conversation("What is it?")]
    assert cloud.document("models", "customization/run-7/verdict.json")["accepted"] is True


def test_the_records_that_are_taken_do_not_depend_on_how_they_lie_in_files(
    cloud: Cloud, context: Context, customizing: Json, data: Callable[..., None]
) -> None:
    questions = [f"Question {number}?" for number in range(20)]
    data(*questions)
    check.handle({"run": customizing}, context)
    first = cloud.lines("models", "customization/run-7/train.jsonl")
    data(*reversed(questions))
    check.handle({"run": customizing}, context)
    second = cloud.lines("models", "customization/run-7/train.jsonl")
    assert sorted(map(str, first)) == sorted(map(str, second))


def test_a_record_over_a_limit_is_refused_with_its_file_and_line_and_nothing_is_written(
    cloud: Cloud, context: Context, customizing: Json, data: Callable[..., None]
) -> None:
    data(*(f"Question {number}?" for number in range(9)), "User: who is it?", "Another?", "x" * 200_000)
    with pytest.raises(check.TrainingDataRefused) as refused:
        check.handle({"run": customizing}, context)
    said = str(refused.value)
    assert f"{FOLDER}/train/part-1.jsonl, line 4: reserved_word ('User:' in the prompt)" in said
    assert f"{FOLDER}/train/part-1.jsonl, line 6: too_long" in said
    assert "Put another word in its place" in said
    assert ("models", "customization/run-7/train.jsonl") not in cloud.objects
    assert cloud.document("models", "customization/run-7/verdict.json")["accepted"] is False


def test_too_few_records_are_refused(
    cloud: Cloud, context: Context, customizing: Json, data: Callable[..., None]
) -> None:
    data("One?", "Two?")
    with pytest.raises(check.TrainingDataRefused, match=r"too_few_records .2 for training; at least 8 are needed"):
        check.handle({"run": customizing}, context)
    assert cloud.objects


def test_a_format_that_preparation_did_not_write_is_named(cloud: Cloud, context: Context, customizing: Json) -> None:
    assert not cloud.objects
    with pytest.raises(check.TrainingDataMissing, match=r"Add bedrock-conversation to data\.outputs"):
        check.handle({"run": customizing}, context)


# ---- the gate -------------------------------------------------------------------------------------------


def judged(
    cloud: Cloud,
    context: Context,
    run: Json,
    base: str,
    tuned: str,
    count: int = 20,
    right: int = 20,
    alike: str = "",
) -> Json:
    """Judge a model that answers `tuned` to the first `right` records and as its base to the rest."""
    for name, output in (("base", base), ("tuned", tuned)):
        # No two records share a word: an answer of another record must score nothing.
        lines = [
            {
                "record_id": f"r{n}",
                "prompt": "Text.",
                "reference": alike or " ".join(f"{word}{n}" for word in ("one", "two", "three", "four")),
                "output": " ".join(f"{word}{n}" for word in (output if n < right else base).split()),
            }
            for n in range(count)
        ]
        cloud.put("models", f"{name}.jsonl", *lines)
    results = [{"predictions_key": "base.jsonl"}, {"predictions_key": "tuned.jsonl"}]
    return judge.handle({"run": run, "results": results}, context)


def test_a_better_model_passes_and_its_evaluation_reads_as_the_other_branch_s(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    answer = judged(cloud, context, customizing, "z", "one two three four")
    assert (answer["base"], answer["value"], answer["examples"]) == (0.0, 1.0, 20)
    report = cloud.document("models", "run=run-7/evaluation/evaluation.json")
    assert report["difference"]["value"] == 1.0
    assert "loss_reduction" not in report
    lines = cloud.lines("models", "run=run-7/evaluation/predictions.jsonl")
    assert lines[0]["base"] == "z0"
    assert lines[0]["tuned_score"] == 1.0


def test_what_the_gate_lets_through_is_compared_with_the_champion(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    judged(cloud, context, customizing, "z", "one two three four")
    comparison: Json = compare.handle({"run": customizing}, context)
    assert comparison["better"] is True
    assert comparison["challenger"]["loss"] is None


def test_what_the_gate_refuses_is_written_with_its_reasons_and_never_compared(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    with pytest.raises(judge.QualityGateFailed):
        judged(cloud, context, customizing, "z", "z")
    gate = cloud.document("models", "run=run-7/evaluation/evaluation.json")["gate"]
    assert gate["verdict"] == "refused"
    assert "below the floor" in gate["reasons"][0]
    with pytest.raises(EvaluationIncomplete, match="'refused', and nothing of it may be deployed"):
        compare.handle({"run": customizing}, context)


@pytest.mark.parametrize(
    ("base", "tuned", "said"),
    [
        ("z", "z", "below the floor of 0.3"),
        ("one two three four", "one two three four", "no gain over its base model is shown"),
        ("one two three four", "one two x y", "no gain over its base model is shown"),
    ],
)
def test_the_gate_is_closed_to_what_is_below_the_floor_or_no_better_than_its_base(
    cloud: Cloud, context: Context, customizing: Json, base: str, tuned: str, said: str
) -> None:
    with pytest.raises(judge.QualityGateFailed, match=said):
        judged(cloud, context, customizing, base, tuned)


def test_a_mean_above_the_floor_whose_lower_bound_is_below_it_is_refused(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    with pytest.raises(judge.QualityGateFailed, match=r"is 0\.350, its lower bound .* more test records would tell"):
        judged(cloud, context, customizing, "z", "one two three four", right=7)


def test_a_gain_that_may_be_luck_is_no_gain(cloud: Cloud, context: Context, customizing: Json) -> None:
    with pytest.raises(judge.QualityGateFailed, match=r"the difference in rougeL is \+0\.025 \(\+0\.000 to"):
        judged(cloud, context, customizing, "one two x y", "one two three four", right=1)


def test_a_floor_that_answers_without_the_text_reach_is_named_as_vacuous(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    with pytest.raises(judge.QualityGateFailed, match=r"lets everything through.*rougeL 1\.000"):
        judged(cloud, context, customizing, "z", "one two three four", alike="The same answer.")


def test_a_custom_model_that_answers_is_compared_by_its_answers_whatever_the_objective_says(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    customizing["tuning"] = {**customizing["tuning"], "Objective": "continued-pretraining"}
    judged(cloud, context, customizing, "z", "one two three four")
    assert compare.handle({"run": customizing}, context)["metric"] == "rougeL"


def test_the_gate_is_closed_where_too_few_records_or_different_ones_were_answered(
    cloud: Cloud, context: Context, customizing: Json
) -> None:
    customizing["sample_size"] = 8  # of validation: test is not asked by it
    with pytest.raises(EvaluationIncomplete, match=r"16 are needed.*Set data.split.test to 0.18, or bring about 263"):
        judged(cloud, context, customizing, "z", "one two three four", count=15)
    customizing["split"] |= {"test": 0}
    with pytest.raises(
        EvaluationIncomplete, match=r"16 are needed.*Add records to the test set that data.evaluation_set"
    ):
        judged(cloud, context, customizing, "z", "one two three four", count=15)
    customizing["tuning"] |= {"TestExamples": "15"}
    with pytest.raises(EvaluationIncomplete, match=r"16 are needed.*Set tuning.test_examples to 16 or more"):
        judged(cloud, context, customizing, "z", "one two three four", count=15)
    judged(cloud, context, customizing, "z", "one two three four")
    cloud.put("models", "tuned.jsonl", {"record_id": "x", "prompt": "P", "reference": "R", "output": ""})
    results = [{"predictions_key": "base.jsonl"}, {"predictions_key": "tuned.jsonl"}]
    with pytest.raises(EvaluationIncomplete, match="different records"):
        judge.handle({"run": customizing, "results": results}, context)


# ---- the end of throughput ------------------------------------------------------------------------------


@pytest.fixture
def throughput(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that are sent when throughput is deleted that serves the approved model."""
    sent: list[str] = []
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:topic")
    monkeypatch.setenv("TARGET_PARAMETER", "target")
    monkeypatch.setattr(expire, "PAUSE_SECONDS", 0)
    target = {"kind": "bedrock", "model_id": ARN, "strategy": "zero-shot", "run_id": "run-7", "serving": "provisioned"}
    cloud.parameters["target"] = json.dumps(target)

    def publish(params: Any) -> Json:
        sent.append(params["Message"])
        return {"MessageId": "1"}

    cloud.on("sns", "Publish", publish)
    found = {"provisionedModelArn": ARN}
    cloud.on("bedrock", "GetProvisionedModelThroughput", lambda _: {**REST, **found})
    cloud.on("bedrock", "DeleteProvisionedModelThroughput", lambda _: {})
    return sent


REST: Json = {
    "modelUnits": 1,
    "desiredModelUnits": 1,
    "provisionedModelName": "name",
    "modelArn": "arn:aws:bedrock:eu-west-1:123456789012:custom-model/a.b/abcdefghijkl",
    "desiredModelArn": "arn:aws:bedrock:eu-west-1:123456789012:custom-model/a.b/abcdefghijkl",
    "foundationModelArn": "arn:aws:bedrock:eu-west-1::foundation-model/a.b",
    "status": "InService",
    "creationTime": "2026-01-01T00:00:00Z",
    "lastModifiedTime": "2026-01-01T00:00:00Z",
}


def test_throughput_whose_time_is_over_is_deleted_and_said_to_be(
    cloud: Cloud, context: Context, throughput: list[str]
) -> None:
    assert expire.handle({"name": "name", "run_id": "run-7"}, context) == {"deleted": True}
    assert cloud.called("bedrock", "DeleteProvisionedModelThroughput") == [{"provisionedModelId": ARN}]
    assert "answers with 503 until another model is deployed" in throughput[0]


def test_throughput_that_is_gone_already_is_fine(cloud: Cloud, context: Context, throughput: list[str]) -> None:
    cloud.parameters["target"] = "none"
    cloud.refuse("bedrock", "GetProvisionedModelThroughput", "ResourceNotFoundException", "none")
    assert expire.handle({"name": "name", "run_id": "run-7"}, context) == {"deleted": False}
    assert throughput == []


def test_throughput_that_somebody_deletes_meanwhile_is_fine(
    cloud: Cloud, context: Context, throughput: list[str]
) -> None:
    def deleted(_: Any) -> Json:
        cloud.refuse("bedrock", "GetProvisionedModelThroughput", "ResourceNotFoundException", "none")
        return dict(refusal("DeleteProvisionedModelThroughput", "AccessDeniedException", "no tags"))

    cloud.on("bedrock", "DeleteProvisionedModelThroughput", deleted)
    assert expire.handle({"name": "name", "run_id": "run-7"}, context) == {"deleted": True}
    assert len(throughput) == 1


def test_throughput_that_may_not_be_deleted_is_an_error(cloud: Cloud, context: Context, throughput: list[str]) -> None:
    cloud.refuse("bedrock", "DeleteProvisionedModelThroughput", "AccessDeniedException", "no")
    with pytest.raises(AccessDenied, match="DeleteProvisionedModelThroughput was denied"):
        expire.handle({"name": "name", "run_id": "run-7"}, context)
    assert throughput == []


def test_what_could_not_be_told_is_in_the_error_and_told_by_the_next_attempt(
    cloud: Cloud, context: Context, throughput: list[str]
) -> None:
    def heard(params: Any) -> Json:
        throughput.append(params["Message"])
        return {"MessageId": "1"}

    cloud.refuse("sns", "Publish", "KMSAccessDenied", "no key")
    with pytest.raises(expire.SubscribersNotTold, match=r"The message reads: .*the API answers with 503"):
        expire.handle({"name": "name", "run_id": "run-7"}, context)
    assert cloud.called("bedrock", "DeleteProvisionedModelThroughput")

    cloud.refuse("bedrock", "GetProvisionedModelThroughput", "ResourceNotFoundException", "none")
    cloud.on("sns", "Publish", heard)
    assert expire.handle({"name": "name", "run_id": "run-7"}, context) == {"deleted": False}
    assert "answers with 503 until another model is deployed" in throughput[0]


@pytest.mark.parametrize("value", [None, "{"])
def test_a_target_that_cannot_be_read_keeps_nobody_from_being_told(
    cloud: Cloud, context: Context, throughput: list[str], value: str | None
) -> None:
    cloud.parameters.pop("target")
    if value is not None:
        cloud.parameters["target"] = value
    assert expire.handle({"name": "name", "run_id": "run-7"}, context) == {"deleted": True}
    assert "has reached its time to live" in throughput[0]


def test_throughput_that_is_still_created_is_waited_for_and_told_of_where_time_runs_out(
    cloud: Cloud, context: Context, throughput: list[str]
) -> None:
    cloud.refuse("bedrock", "DeleteProvisionedModelThroughput", "ConflictException", "Creating")
    context.millis = 10
    with pytest.raises(expire.ThroughputNotDeleted, match="bills by the hour"):
        expire.handle({"name": "name", "run_id": "run-7"}, context)
    [message] = throughput
    assert "cannot be deleted" in message
    assert f"--provisioned-model-id {ARN}" in message
    cloud.refuse("sns", "Publish", "NotFound", "the topic went with its stack")
    with pytest.raises(expire.ThroughputNotDeleted, match="bills by the hour"):
        expire.handle({"name": "name", "run_id": "run-7"}, context)
