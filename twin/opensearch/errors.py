"""The errors of a collection's endpoint: OpenSearch's own, and those of the door before it."""

from __future__ import annotations

import uuid
from typing import Any

Json = dict[str, Any]


class OpenSearchError(Exception):
    """What OpenSearch refuses: its `kind` of exception, the `reason` and the HTTP `status`."""

    def __init__(self, kind: str, reason: str, status: int = 400) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind, self.reason, self.status = kind, reason, status

    def cause(self) -> Json:
        """As the items of a bulk request name it."""
        return {"type": self.kind, "reason": self.reason}

    def body(self) -> Json:
        """As a whole answer."""
        return {"error": {"root_cause": [self.cause()], **self.cause()}, "status": self.status}


class DoorError(OpenSearchError):
    """What does not get as far as OpenSearch: unsigned, from a network that may not, without the permission of IAM."""

    def body(self) -> Json:
        """As a whole answer; the service does not say why."""
        return {
            "status": self.status,
            "request-id": str(uuid.uuid4()),
            "error": {"reason": f"{self.status} {self.kind}", "type": self.kind},
        }


def forbidden(reason: str) -> DoorError:
    """The door stays shut; the reason is for the emulator's log."""
    return DoorError("Forbidden", reason, 403)


def unauthorized() -> OpenSearchError:
    """A data access policy that gives the permission is missing."""
    inner = "type=authorization_exception, reason=User does not have permissions for the requested resource"
    return OpenSearchError("security_exception", f"OpenSearch exception [{inner}]", 403)


def no_index(name: str) -> OpenSearchError:
    """An index that is not there."""
    return OpenSearchError("index_not_found_exception", f"no such index [{name}]", 404)


def illegal(reason: str) -> OpenSearchError:
    """An argument that cannot be."""
    return OpenSearchError("illegal_argument_exception", reason)


def not_parsed(reason: str) -> OpenSearchError:
    """A body that says something OpenSearch, or the twin, does not know."""
    return OpenSearchError("parsing_exception", reason)


def mapping(reason: str) -> OpenSearchError:
    """A document or a mapping that does not fit."""
    return OpenSearchError("mapper_parsing_exception", reason)


def not_served(what: str) -> OpenSearchError:
    """A request that the twin does not serve."""
    return OpenSearchError("unsupported_operation_exception", f"The twin's collections do not serve {what}.", 404)
