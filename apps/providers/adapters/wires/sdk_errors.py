"""What went wrong when a vendor was asked for its list of models, by the HTTP status."""

from apps.providers.errors import (
    AuthError,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TransientError,
    UnknownModel,
    Unreachable,
)

_BY_STATUS = {401: AuthError, 403: AuthError, 404: UnknownModel, 429: RateLimited}


def of_status(status: int | None) -> ProviderError:
    """Return the port's error for a status; None: no answer came at all."""
    if status is None:
        return Unreachable()
    if status in _BY_STATUS:
        return _BY_STATUS[status]()
    return TransientError() if status >= 500 else InvalidRequest()
