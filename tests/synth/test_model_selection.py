"""The functions of step 2: what the one that asks models may touch, and that the other may touch nothing."""

from __future__ import annotations

from cdk_app.checks import Assembly
from cdk_app.checks.state_machines.definitions import state_machines
from tests.synth.roles import function, keys_in, permissions, resources_of
from tests.synth.synthesized import twin_assembly


def test_candidates_are_judged_without_a_look_at_the_test_split(assembly: Assembly) -> None:
    readable = keys_in("Curated", "s3:GetObject", permissions(assembly, "evaluate_candidate"))
    assert readable == {"*/run=*/train/*", "*/run=*/validation/*"}


def test_results_go_below_the_runs_candidates_and_nowhere_else(assembly: Assembly) -> None:
    pairs = permissions(assembly, "evaluate_candidate")
    assert keys_in("Models", "s3:PutObject", pairs) == {"run=*/candidates/*"}
    assert len(resources_of("s3:PutObject", pairs)) == 1


def test_of_the_models_bucket_it_reads_what_it_has_written_and_no_more(assembly: Assembly) -> None:
    readable = keys_in("Models", "s3:GetObject", permissions(assembly, "evaluate_candidate"))
    assert readable == {"run=*/candidates/*"}


def test_only_the_candidates_models_may_be_asked() -> None:
    pairs = permissions(twin_assembly(), "evaluate_candidate")
    assert resources_of("bedrock:InvokeModel", pairs) == {
        "arn:aws:bedrock:us-east-1:111122223333:imported-model/smollm2q41v1"
    }


def test_a_model_behind_an_inference_profile_may_be_asked_in_every_region_of_it(assembly: Assembly) -> None:
    arns = resources_of("bedrock:InvokeModel", permissions(assembly, "evaluate_candidate"))
    micro = {arn for arn in arns if arn.endswith("amazon.nova-micro-v1:0")}
    assert any(":inference-profile/" in arn for arn in micro)
    assert any(":foundation-model/" in arn for arn in micro)
    assert not any(arn.endswith("/*") for arn in arns)


def test_choosing_a_model_needs_no_permission_but_its_own_log(assembly: Assembly) -> None:
    actions = {action for action, _ in permissions(assembly, "select_model")}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_evaluation_has_all_the_time_that_lambda_gives(assembly: Assembly) -> None:
    assert function(assembly, "evaluate_candidate").properties["Timeout"] == 900


def test_two_candidates_are_measured_at_a_time_and_a_throttled_call_is_made_again(assembly: Assembly) -> None:
    (machine,) = state_machines(assembly)
    each = machine.definition["States"]["EvaluateCandidates"]
    retries = each["ItemProcessor"]["States"]["EvaluateCandidate"]["Retry"]
    assert each["MaxConcurrency"] == 2
    again = {error: retry for retry in retries for error in retry["ErrorEquals"]}
    assert again["Lambda.TooManyRequestsException"]["JitterStrategy"] == "FULL"
    assert again["EvaluationTimedOut"]["MaxAttempts"] == again["States.Timeout"]["MaxAttempts"] == 3
