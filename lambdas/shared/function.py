"""The frame around every handler of the workflow: bound log fields, and errors that explain themselves."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Mapping
from typing import Protocol

from lambdas.shared import aws, log
from lambdas.shared.errors import FunctionError


class Context(Protocol):
    """What handlers use of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Give the milliseconds until Lambda ends this invocation."""
        ...


Event = Mapping[str, object]
Handler = Callable[[Event, Context], dict[str, object]]


def workflow_function(handler: Handler) -> Handler:
    """Log how the invocation ends, and turn refused AWS calls into errors with a remedy."""

    @functools.wraps(handler)
    def handle(event: Event, context: Context) -> dict[str, object]:
        log.bind(request_id=context.aws_request_id)
        try:
            result = handler(event, context)
        except FunctionError as failure:
            log.error(str(failure), error=type(failure).__name__)
            raise
        except aws.ClientError as failure:
            problem = aws.explained(failure)
            log.error(str(problem), error=type(problem).__name__)
            raise problem from failure
        except aws.NETWORK_ERRORS as failure:
            problem = aws.unanswered(failure)
            log.error(str(problem), error=type(problem).__name__)
            raise problem from failure
        except Exception as failure:
            log.error(str(failure), error=type(failure).__name__, traceback=traceback.format_exc())
            raise
        log.info("Done")
        return result

    return handle
