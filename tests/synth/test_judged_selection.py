"""A selection that searches documents and asks a judge: what its functions may touch, and in which order."""

from __future__ import annotations

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.state_machines.definitions import StateMachine
from tests.synth.roles import function, keys_in, permissions, resources_of
from tests.synth.scripted_run import Walking, failure
from tests.synth.walker import TaskError, in_order


def test_no_judge_is_tried_where_none_measures(machine: StateMachine) -> None:
    assert "ValidateJudge" not in machine.definition["States"]


def test_the_judge_is_tried_before_a_candidate_is_asked(walk_optional: Walking) -> None:
    walked = walk_optional()
    assert walked.succeeded
    assert in_order(walked.visited, "CheckData", "ValidateJudge", "EvaluateCandidates")
    (request,) = walked.requests["ValidateJudge"]
    assert request["Payload"]["candidate"] is None
    assert request["Payload"]["run"]["run_id"] == "run_1"


def test_a_judge_that_is_not_to_be_trusted_ends_the_run_and_no_candidate_is_asked(walk_optional: Walking) -> None:
    walked = walk_optional(ValidateJudge=TaskError("JudgeNotTrusted", "of 24 planted pairs"))
    assert not walked.succeeded
    assert "EvaluateCandidate" not in walked.requests
    told = failure(walked)
    assert (told["step"], told["error"]["Error"]) == ("EvaluateCandidates", "JudgeNotTrusted")


def test_the_evaluation_may_ask_candidates_embedding_model_and_judge_and_no_other(optional: Assembly) -> None:
    arns = resources_of("bedrock:InvokeModel", permissions(optional, "evaluate_candidate"))
    models = {arn.split("/")[-1].split(".", 1)[-1].removeprefix("amazon.") for arn in arns}
    assert models == {"nova-micro-v1:0", "nova-lite-v1:0", "nova-pro-v1:0", "titan-embed-text-v2:0"}


def test_the_gateway_may_embed_a_question_and_ask_no_judge(optional: Assembly) -> None:
    arns = resources_of("bedrock:InvokeModel", permissions(optional, "gateway"))
    assert any("titan-embed-text-v2" in arn for arn in arns)
    assert not any("nova-pro" in arn for arn in arns)


def test_of_the_raw_bucket_the_evaluation_reads_the_documents_alone(optional: Assembly) -> None:
    readable = keys_in("Raw", "s3:GetObject", permissions(optional, "evaluate_candidate"))
    assert readable == {"handbook/*"}
    assert "RAW_BUCKET" in function(optional, "evaluate_candidate").properties["Environment"]["Variables"]


def test_without_documents_it_does_not_know_the_raw_bucket(assembly: Assembly) -> None:
    assert keys_in("Raw", "s3:GetObject", permissions(assembly, "evaluate_candidate")) == set()
    assert "RAW_BUCKET" not in function(assembly, "evaluate_candidate").properties["Environment"]["Variables"]
