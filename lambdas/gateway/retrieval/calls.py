"""What calls to AWS raise, as problems: which part failed goes to the log, the caller learns whether to try again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from lambdas.gateway.problems import Problem, retry_later
from lambdas.shared import aws, log
from lambdas.shared.errors import ServiceCallFailed


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what calls in a block raise into problems; `what` names them: "the documents' list".

    Raises:
        Problem: 503 where the same request may succeed later, 502 where it will not.
    """
    try:
        yield
    except aws.CALL_ERRORS as failure:
        if isinstance(failure, aws.ClientError):
            log.error(f"A call for {what} failed", error=aws.error_code(failure), reason=aws.error_message(failure))
        else:
            log.error(f"A call for {what} was not answered", reason=str(failure))
        if aws.passes_by_itself(failure):
            detail = f"The service of {what} is busy."
            raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, detail, 5) from failure
        raise Problem(HTTPStatus.BAD_GATEWAY, f"The service of {what} refused the gateway's call.") from failure
    except ServiceCallFailed as failure:
        log.error(f"An answer of {what} cannot be read", reason=str(failure))
        raise Problem(HTTPStatus.BAD_GATEWAY, f"The service of {what} answered in an unexpected form.") from failure
