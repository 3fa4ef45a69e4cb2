"""A failed run says what a person at this machine can do, where the workflow speaks of AWS."""

from __future__ import annotations

import io
import json
from typing import Any

from rich.console import Console

from cli.figures import show_figures
from lambdas.explain_failure.explanation import DEFAULT_REMEDY, REMEDIES, UNANSWERED, explain
from lambdas.resolve_run.overrides import InvalidRunInput
from twin.report.failure import failure
from twin.report.page import render

DIGEST = "0123456789abcdef" * 4
LOG = "/here/runs/r1/log.txt"


def execution(step: str, error: str, cause: str, log: str | None = LOG) -> dict[str, Any]:
    """A failed execution as a report has it; the state machine puts its cause together in this way."""
    found = explain(step, error, cause)
    text = f"{found.step} failed: {found.message}\nLog: {found.log}\nWhat to do: {found.remedy}"
    return {"id": "r1", "arn": "a", "status": "FAILED", "error": error, "cause": text, "log": log, "started": None}


def of_a_function(message: str) -> dict[str, Any]:
    return execution("CheckData", "TooFewRecords", json.dumps({"errorMessage": message, "requestId": "q-1"}))


def of_a_job(reason: str) -> dict[str, Any]:
    run = {"JobRunState": "FAILED", "JobName": "prepare", "Id": "jr_1", "ErrorMessage": reason}
    return execution("PrepareData", "States.TaskFailed", json.dumps(run))


TRACE = (
    "KeyError: 'body'\nThe log, /aws-glue/jobs/output jr_1-driver, ends:\nTraceback (most recent call last):\n"
    f"  File \"/srv/{DIGEST}/job.py\", line 1\nKeyError: 'body'"
)


def test_the_log_is_the_file_and_the_remedy_is_a_command() -> None:
    found = failure(of_a_function("Too few records. Add data."))
    assert found is not None
    assert (found.error, found.what) == ("TooFewRecords", "CheckData failed: Too few records. Add data.")
    assert found.log == LOG
    assert found.trace == ""
    assert found.remedy == "Correct the cause, and start `fourfold run` again; the files of this run stay until then."


def test_every_remedy_of_the_workflow_speaks_of_a_run_here() -> None:
    known = [remedy for _, remedy in REMEDIES] + [DEFAULT_REMEDY, UNANSWERED, str(InvalidRunInput.listing(["x"]))]
    for remedy in known:
        found = failure({"error": "E", "cause": f"S failed: m\nLog: l\nWhat to do: {remedy}"})
        assert found is not None
        assert "execution" not in found.remedy.replace("The execution's input", "")
        assert "new run" not in found.remedy
        assert "inspection" not in found.remedy


def test_several_lines_of_a_message_that_are_no_traceback_stay_together() -> None:
    found = failure(of_a_function("2 problems:\n- one\n- two"))
    assert found is not None
    assert found.what == "CheckData failed: 2 problems:\n- one\n- two"


def test_a_traceback_stands_apart_and_long_digests_are_cut() -> None:
    found = failure(of_a_job(TRACE))
    assert found is not None
    assert found.what == "PrepareData failed: Glue job prepare FAILED: KeyError: 'body'"
    assert found.trace.startswith("The log, /aws-glue/jobs/output jr_1-driver, ends:")
    assert "/srv/01234567…/job.py" in found.trace
    assert DIGEST not in found.trace


def test_a_cause_of_another_form_is_told_as_it_is_and_a_good_run_has_none() -> None:
    found = failure({"error": "States.Timeout", "cause": "", "log": None})
    assert found is not None
    assert (found.error, found.what, found.log, found.remedy) == ("States.Timeout", "", "", "")
    assert failure({"error": None, "cause": None}) is None


def test_the_page_has_the_traceback_as_lines_behind_the_reason(early_end: dict[str, Any]) -> None:
    page = render(early_end | {"execution": of_a_job(TRACE) | {"dataset": None}})
    assert "<pre>The log, /aws-glue" in page
    assert page.index("What to do") < page.index("<pre>")
    assert LOG in page


def test_the_terminal_has_where_a_traceback_ended_and_the_log(early_end: dict[str, Any]) -> None:
    stream = io.StringIO()
    show_figures(early_end | {"execution": of_a_job(TRACE)}, Console(file=stream))
    lines = stream.getvalue().splitlines()
    assert lines[1:5] == [
        "States.TaskFailed: PrepareData failed: Glue job prepare FAILED: KeyError: 'body'",
        "It ended with: KeyError: 'body'",
        f"Log: {LOG}",
        "What to do: Correct the cause, and start `fourfold run` again; the files of this run stay until then.",
    ]
