"""Events as a file, piece by piece: CSV for spreadsheets, JSON Lines for machines."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import orjson
from django.http import StreamingHttpResponse

from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditQuerySet
from apps.audit.services import trail
from apps.audit.types import Search
from apps.core import spreadsheets
from apps.core.database.pool import release_connection
from apps.core.errors import InvalidInput
from apps.core.sockets import query
from apps.core.tenancy import ActiveSchema, current_tenant, tenant_context

PIECE = 2_000
COLUMNS = (
    *(
        "seq",
        "at",
        "action",
        "actor_kind",
        "actor_id",
        "actor_name",
        "through",
        "target_type",
        "target_id",
        "target_name",
    ),
    *("before", "after", "address", "correlation_id"),
)
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


def export_response(user: Any, search: Search, form: str) -> StreamingHttpResponse:
    """Answer with the file. Raises Forbidden, InvalidInput for a format that there is not."""
    if form not in FORMATS:
        raise InvalidInput("Use csv or jsonl.", field="format")
    found = trail.export(actor=user, search=search, form=form)
    response = StreamingHttpResponse(pieces(current_tenant(), found, form), content_type=FORMATS[form])
    response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
    response["Content-Encoding"] = "identity"
    response["Cache-Control"] = "no-store"
    return response


async def pieces(schema: ActiveSchema, found: AuditQuerySet, form: str) -> AsyncIterator[bytes]:
    """Yield the file of the events in `seq` order, 2,000 events a piece; the response is sent outside the tenant."""
    encode: Callable[[Iterable[AuditEvent]], bytes] = {"csv": as_csv, "jsonl": as_json_lines}[form]
    if form == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
    last = 0
    while True:
        with tenant_context(schema):
            events = await query(_next, found, last)
        if not events:
            return
        last = events[-1].seq or 0
        yield encode(events)


def _next(found: AuditQuerySet, last: int) -> list[AuditEvent]:
    events = list(found.filter(seq__gt=last).order_by("seq")[:PIECE])
    release_connection()
    return events


def as_csv(events: Iterable[AuditEvent]) -> bytes:
    """Write events as lines of CSV; a cell that a spreadsheet would take for a formula is made text."""
    out = io.StringIO()
    csv.writer(out).writerows([[_cell(row[column]) for column in COLUMNS] for row in map(as_row, events)])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    text = orjson.dumps(value).decode() if isinstance(value, dict) else str("" if value is None else value)
    return spreadsheets.cell(text)


def as_json_lines(events: Iterable[AuditEvent]) -> bytes:
    """Write events as JSON objects, one a line."""
    return b"".join(orjson.dumps(as_row(event)) + b"\n" for event in events)


def as_row(event: AuditEvent) -> dict[str, Any]:
    """Return an event's columns, times as ISO 8601 in UTC."""
    row = {column: getattr(event, column) for column in COLUMNS}
    return row | {"at": event.at.isoformat()}
