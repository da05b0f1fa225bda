"""Errors go to Sentry where its address is set: what went wrong and where, not what people wrote or who they are."""

from typing import Any

import sentry_sdk

from apps.core.logs import without_one_time_links
from apps.core.personal import hidden

OFF = {"mode": "off"}
NOTHING_PERSONAL = {
    "user_info": False,
    "cookies": OFF,
    "http_headers": {"request": OFF},
    "http_bodies": [],
    "url_query_params": OFF,
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}


def report_errors(dsn: str, *, transport: Any = None) -> None:
    """Send unhandled errors to this address: places and messages, and nothing that came with a request but its path."""
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        data_collection=NOTHING_PERSONAL,  # type: ignore[arg-type]
        before_send=_clean,
        before_breadcrumb=_clean,
    )


def _clean(event: Any, hint: Any) -> Any:
    """Take out what signs somebody in, everywhere, and what points at somebody, in what was said."""
    cleaned = _walked(event)
    for place in (*_exceptions(cleaned), cleaned, cleaned.get("logentry") or {}):
        for key in ("value", "message", "formatted"):
            if isinstance(place.get(key), str):
                place[key] = hidden(place[key])
    return cleaned


def _exceptions(event: Any) -> list[Any]:
    return (event.get("exception") or {}).get("values") or []


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        return without_one_time_links(value)
    if isinstance(value, dict):
        return {key: _walked(each) for key, each in value.items()}
    return [_walked(each) for each in value] if isinstance(value, list) else value
