"""The tree of errors that services raise and doors translate.

DomainError
├── InvalidInput        422  one field, one sentence
├── Forbidden           403  seen, but not to be changed
├── NotFound            404  also what one may not see
├── Conflict            409
├── PreconditionFailed  412
├── TooLarge            413
├── TooManyRequests     429  with retry_after_s
└── Unavailable         503  with retry_after_s
NoActiveTenant               a programming error: a query outside any tenant
"""

from typing import Any

from django.utils.functional import Promise

from apps.core.caller import correlation_id


class DomainError(Exception):
    """Something a person or client can be told about, in a sentence.

    `status` is the HTTP status, `code` a stable word for clients, `field` the input it belongs to.
    """

    status = 400
    code = "invalid"

    def __init__(self, message: str | Promise, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or type(self).code


class InvalidInput(DomainError):
    status = 422
    code = "invalid_input"


class Forbidden(DomainError):
    status = 403
    code = "forbidden"


class NotFound(DomainError):
    status = 404
    code = "not_found"


class Conflict(DomainError):
    status = 409
    code = "conflict"


class PreconditionFailed(DomainError):
    status = 412
    code = "precondition_failed"


class TooLarge(DomainError):
    status = 413
    code = "too_large"


class _Later(DomainError):
    def __init__(self, message: str | Promise, *, retry_after_s: int, code: str = "") -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class TooManyRequests(_Later):
    status = 429
    code = "too_many_requests"


class Unavailable(_Later):
    status = 503
    code = "unavailable"


class NoActiveTenant(RuntimeError):
    """A query or key was asked for while no tenant was active."""

    def __init__(self) -> None:
        super().__init__("No tenant is active here: enter tenant_context() or public_context() first.")


def problem(*, status: int, code: str, detail: str, errors: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Build the body of a problem detail (RFC 9457); `errors` maps a field to its sentences, `request_id` is for those who look into it."""
    body: dict[str, Any] = {
        "type": f"/docs/problems#{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    request_id = correlation_id()
    return body | ({"errors": errors} if errors else {}) | ({"request_id": request_id} if request_id else {})
