"""Checking the chain of a schema's audit, link by link; signing its end so that a copy kept elsewhere proves it; letting its beginning go.

The hash of an event is sha256(hash before it || its row as JSON, keys in PostgreSQL's order, times in UTC).
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min, Q

from apps.audit.models import AuditCut, AuditEvent
from apps.core.tenancy import active_schema

ORIGIN = hashlib.sha256(b"").digest()
_LINKS = """
    SELECT seq, hash = sha256(
        coalesce(lag(hash) OVER w, %s) || convert_to(
            jsonb_strip_nulls(to_jsonb(e) - 'hash' - 'before' - 'after')::text
            || '|' || coalesce(before::text, '') || '|' || coalesce(after::text, ''), 'utf8')
    ) FROM audit_auditevent e WINDOW w AS (ORDER BY seq NULLS LAST) ORDER BY seq NULLS LAST
"""


@dataclass(frozen=True)
class Head:
    """The end of a chain: the number and hash of its last event, and a signature over both and the schema's name."""

    seq: int
    hash: str
    signature: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}:{self.signature}"


@dataclass(frozen=True)
class Fault:
    """Where the chain is broken, and how."""

    seq: int
    reason: str


def verify(known: str = "") -> Iterator[Fault]:
    """Yield every fault of the active schema's chain; `known` is a head that was signed and kept before.

    An event that was changed is found by its own hash, one that was taken out or put elsewhere by the gap, the end by the
    head. Raises ValueError when `known` was not signed here.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL timezone TO 'UTC'")
        start = beginning()
        if start.seq and not hmac.compare_digest(start.signature, _signature(start.seq, start.hash, "cut")):
            yield Fault(start.seq, "cut at the beginning, and not by this installation")
        last = start.seq
        for seq, is_whole in _links(bytes.fromhex(start.hash)):
            if seq is None:
                yield Fault(last, "an event without a number follows")
                continue
            if seq != last + 1:
                yield Fault(last + 1, "missing" if seq == last + 2 else f"missing, with those up to {seq - 1}")
            elif not is_whole:
                yield Fault(seq, "changed")
            last = seq
        end = head()
        if last != end.seq:
            yield Fault(last + 1, f"cut off: the chain went on to {end.seq}")
        yield from _against(known, start.seq)


def _links(before: bytes) -> Iterator[tuple[int | None, bool]]:
    """Yield number and wholeness of each event through a cursor of the server, so that millions need no memory here."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKS, [before])
        while rows := cursor.fetchmany(5_000):
            yield from rows


def _against(known: str, start: int) -> Iterator[Fault]:
    if not known:
        return
    seq, digest, signature = known.split(":")
    if not hmac.compare_digest(signature, _signature(int(seq), digest)):
        raise ValueError("This head was not signed by this installation, or is another tenant's.")
    if int(seq) <= start:  # let go since
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(hash, 'hex') FROM audit_auditevent WHERE seq = %s", [int(seq)])
        row = cursor.fetchone()
    if int(seq) and (row is None or row[0] != digest):
        yield Fault(int(seq), "not the event that was signed")


def head() -> Head:
    """Return the signed end of the active schema's chain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, encode(hash, 'hex') FROM audit_audithead")
        seq, digest = cursor.fetchone()
    return Head(seq, digest, _signature(seq, digest))


def beginning() -> Head:
    """Return where the active schema's chain begins: after the last event that was let go, or at the origin."""
    cut = AuditCut.objects.first()
    return Head(cut.seq, bytes(cut.hash).hex(), cut.signature) if cut else Head(0, ORIGIN.hex(), "")


@transaction.atomic
def let_go(before: datetime) -> int:
    """Delete the events from before a time, as far as all before them are as old; return how many.

    The database refuses (InternalError) what is younger than 90 days.
    """
    kept = AuditEvent.objects.filter(Q(at__gte=before) | Q(seq=None)).aggregate(first=Min("seq"))["first"]
    old = AuditEvent.objects.filter(at__lt=before).exclude(seq=None)
    last = (old.filter(seq__lt=kept) if kept else old).order_by("-seq").first()
    if last is None or last.seq is None or last.hash is None:
        return 0
    count = last.seq - beginning().seq
    signature = _signature(last.seq, bytes(last.hash).hex(), "cut")
    AuditCut.objects.create(seq=last.seq, hash=last.hash, signature=signature)
    return count


def _signature(seq: int, digest: str, kind: str = "audit") -> str:
    schema = active_schema()
    name = schema.schema_name if schema else ""
    return hmac.new(f"{settings.SECRET_KEY}:{kind}".encode(), f"{name}:{seq}:{digest}".encode(), "sha256").hexdigest()
