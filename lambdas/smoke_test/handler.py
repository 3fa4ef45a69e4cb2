"""Send real held-out records through the deployed API, and see that the model just approved answers them.

The API's own integration is invoked by API Gateway's TestInvokeMethod: the whole way but authorization. A cold
endpoint, the gateway's cached target, a throttle and an answer that is lost on the way are waited for; anything else
that is not an answer fails the run.

Event: ``{"run"}``. Result: ``{"requests", "model", "latency_ms_p50", "latency_ms_p95", "examples": [{"record_id",
"prompt", "reference", "output"}]}``.
Errors: SmokeTestFailed, InvalidTarget, InvalidRecord.
Environment: REST_API_ID, TARGET_PARAMETER, CURATED_BUCKET, GATEWAY_LOG_GROUP, REQUESTS (default 3).
IAM: apigateway:GET on /restapis/<id>/resources; apigateway:POST on /restapis/<id>/resources/*/methods/POST;
ssm:GetParameter on the target parameter; logs:FilterLogEvents on the gateway's log group; s3:ListBucket,
s3:GetObject and kms:Decrypt on the curated bucket.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from lambdas.shared import environment, log
from lambdas.shared.errors import FunctionError
from lambdas.shared.figures import percentile
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.prompts import choose_examples, text_of
from lambdas.shared.records import Record, read_split
from lambdas.shared.run import Run, run_of
from lambdas.shared.targets import Target, read_target
from lambdas.smoke_test import api, gateway_log
from lambdas.smoke_test.api import ApiMethod, NotReady, Refused, Reply, summarize_method

# Test records that are read to choose from; fewer where they are long, because all of them are held in memory.
POOL = 2000
POOL_CHARACTERS = 5_000_000
MAX_SHOWN_CHARACTERS = 1000
PAUSE_SECONDS = 5.0
# What has to be left of the function's time for one more call and, if that is refused, for finding out why.
RESERVE_MILLIS = 1000 * (api.LONGEST_CALL_SECONDS + gateway_log.LONGEST_SECONDS)
# More answers would neither fit the function's time when each is slow, nor its result the state machine.
MAX_REQUESTS = 10


class SmokeTestFailed(FunctionError):
    """The API did not answer as the approved model should."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:
    """Ask for summaries of a few test records."""
    run, _ = run_of(event)
    log.add(run_id=run.run_id)
    target = _target(environment.required("TARGET_PARAMETER"))
    records = _records(environment.required("CURATED_BUCKET"), run)
    method = _method(environment.required("REST_API_ID"))
    replies: list[Reply] = []
    for record in records:
        replies.append(_reply(method, text_of(record.prompt, run.instruction), target, context))
        log.progress("smoke test", len(replies), len(records), "requests")
    millis = [reply.millis for reply in replies]
    return {
        "requests": len(replies),
        "model": target.label,
        "latency_ms_p50": round(percentile(millis, 0.5), 1),
        "latency_ms_p95": round(percentile(millis, 0.95), 1),
        "examples": [
            {
                "record_id": record.record_id,
                "prompt": _shown(record.prompt),
                "reference": _shown(record.reference),
                "output": _shown(reply.output),
            }
            for record, reply in zip(records, replies, strict=True)
        ],
    }


def _shown(text: str) -> str:
    """Give the text, or its beginning: the result travels through the state machine, which carries 256 KB."""
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"


def _target(parameter: str) -> Target:
    target = read_target(parameter)
    if target is None:
        raise SmokeTestFailed(
            "No target is approved", where=f"SSM parameter {parameter}", remedy="PublishTarget did not write it."
        )
    return target


def _records(bucket: str, run: Run) -> list[Record]:
    pool = list(_up_to_enough(read_split(bucket, run.curated_prefix, "test")))
    if not pool:
        raise SmokeTestFailed(
            "The test split is empty",
            where=f"s3://{bucket}/{run.curated_prefix}test/",
            remedy="Enlarge data.split.test.",
        )
    wanted = environment.integer("REQUESTS", minimum=1, maximum=MAX_REQUESTS, default=3)
    return choose_examples(pool, min(wanted, len(pool)))


def _up_to_enough(records: Iterator[Record]) -> Iterator[Record]:
    characters = 0
    for record in itertools.islice(records, POOL):
        yield record
        characters += len(record.prompt) + len(record.reference)
        if characters >= POOL_CHARACTERS:
            return


def _method(api_id: str) -> ApiMethod:
    method = summarize_method(api_id)
    if method is None:
        raise SmokeTestFailed(
            "The API has no resource /v1/summarize",
            where=f"REST API {api_id}",
            remedy="Deploy the Gateway stack again.",
        )
    return method


def _reply(method: ApiMethod, text: str, target: Target, context: Context) -> Reply:
    """Ask until the approved target answers; give up when it refuses, or when the time is nearly over."""
    where, reason = f"POST {method.path}", "no time was left to ask it"
    while context.get_remaining_time_in_millis() >= RESERVE_MILLIS:
        try:
            return method.summarize(text, target)
        except NotReady as passing:
            reason = str(passing)
            log.warning("Not ready yet", reason=reason)
            time.sleep(PAUSE_SECONDS)
        except Refused as refusal:
            raise SmokeTestFailed(_explained(refusal), where=where, remedy=refusal.remedy) from None
    raise SmokeTestFailed(
        f"The approved model did not answer in time: {reason}",
        where=where,
        remedy="Look at the endpoint's log; a cold serverless endpoint may need more memory.",
    )


def _explained(refusal: Refused) -> str:
    if refusal.instance is None:
        return str(refusal)
    log_group = environment.required("GATEWAY_LOG_GROUP")
    return f"{refusal} The gateway's log: {gateway_log.cause(log_group, refusal.instance)}"
