"""Errors go to Sentry where its address is set: what went wrong and where, not what people wrote or who they are."""

from typing import Any

import sentry_sdk

from apps.core.logs import without_one_time_links

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
        before_send=_without_links,
        before_breadcrumb=_without_links,
    )


def _without_links(event: Any, hint: Any) -> Any:
    return _walked(event)


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        return without_one_time_links(value)
    if isinstance(value, dict):
        return {key: _walked(each) for key, each in value.items()}
    return [_walked(each) for each in value] if isinstance(value, list) else value
