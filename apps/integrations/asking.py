"""Asking an address outside: one request through the guarded client, with whatever goes wrong as one sentence."""

from collections.abc import Mapping

import httpx2
from django.conf import settings

from apps.core.errors import InvalidInput
from apps.core.http import Fetched, fetch
from apps.core.wire import run_on_wire
from apps.integrations.errors import CallFailed

TIMEOUT_S = 30.0
MOST_BYTES = 2 << 20


def answered(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    redirects: int = 0,
    most_bytes: int = MOST_BYTES,
) -> Fetched:
    """Send a request through the guarded client. Raises CallFailed when there is no answer."""
    asked = fetch(
        method,
        url,
        allowed=settings.TOOL_PRIVATE_HOSTS,
        timeout_s=TIMEOUT_S,
        most_bytes=most_bytes,
        headers={"User-Agent": "Guildhall", "Accept-Encoding": "identity", **headers},
        content=body,
        redirects=redirects,
    )
    try:
        return run_on_wire(asked, timeout_s=TIMEOUT_S)
    except InvalidInput as error:
        raise CallFailed(str(error.message)) from error
    except TimeoutError as error:
        raise CallFailed(f"The service did not answer within {TIMEOUT_S:.0f} seconds.") from error
    except httpx2.HTTPError as error:
        raise CallFailed(f"The service could not be reached: {error}"[:300]) from error
