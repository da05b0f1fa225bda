"""The connection below every vendor's SDK: checked addresses, and no answer larger than a limit."""

import httpx2

from apps.core.http import TooLargeAnswer, guarded_client
from apps.providers.types import Connection

MAX_ANSWER_BYTES = 16 << 20


def client_of(connection: Connection) -> httpx2.AsyncClient:
    """Build the client on which a vendor's SDK talks to one provider."""
    return guarded_client(allowed=connection.allowed_hosts, timeout_s=connection.timeout_s, most_bytes=MAX_ANSWER_BYTES)


def is_too_large(error: BaseException | None) -> bool:
    """Say whether an answer above the limit is what an SDK's error comes from."""
    while error is not None:
        if isinstance(error, TooLargeAnswer):
            return True
        error = error.__cause__ or error.__context__
    return False
