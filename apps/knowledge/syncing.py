"""The worker side of a source: look what is there, take over what is new or other, let go what is gone. Each item is a checkpoint."""

import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import DomainError
from apps.jobs import engine
from apps.jobs import services as jobs
from apps.jobs.errors import JobCancelled, RetryLater
from apps.jobs.models import Job
from apps.jobs.types import DOCUMENTS, Claim
from apps.knowledge import actions
from apps.knowledge.models import Document, Source, SourceItem
from apps.knowledge.places import Fetched, Item, Place, PlaceFailed, place_of
from apps.knowledge.places.base import MOST_ITEMS
from apps.knowledge.storing import store_document

SYNC = "source.sync"
RETRY_S, TRIES = 60.0, 3
TURN_S = 60.0
MOST_FAILED = 5


class Syncing:
    """Handler of jobs of the kind SYNC; the object is a Source. A job that comes when nothing is due does nothing."""

    def work(self, claim: Claim) -> None:
        _Round(claim).go()

    def cancel(self, claim: Claim) -> None:
        source = Source.objects.filter(pk=claim.object_id, job=claim.job_id).first()
        if source:
            end(source)

    def bury(self, claim: Claim, reason: str) -> None:
        source = Source.objects.filter(pk=claim.object_id, job=claim.job_id).first()
        if source:
            end(source, error=translation.gettext("It failed again and again. Try again, or ask your administrator."))


class _TurnOver(Exception):
    """This worker has worked on the source for its turn; others come first now."""


class _Round:
    """One look through a source, in turns: after each the job waits in line again, and what was looked at is not looked at twice."""

    def __init__(self, claim: Claim) -> None:
        self.claim, self.failed, self.ends_at = claim, 0, 0.0

    def go(self) -> None:
        claim, source = self.claim, _begun(self.claim)
        if source is None:
            with engine.settlement(claim, Job.State.SUCCEEDED):
                return
        with translation.override(source.made_by.language if source.made_by else None):
            try:
                counts = self.look_through(source)
            except _TurnOver:
                with engine.parking(claim, until=engine.database_time()):
                    return
            except JobCancelled:
                with engine.settlement(claim, Job.State.CANCELLED):
                    end(source)
            except PlaceFailed as error:
                if error.is_transient and claim.attempts < TRIES:
                    raise RetryLater(error.sentence, delay_s=RETRY_S * claim.attempts) from error
                with engine.settlement(claim, Job.State.FAILED, error="source_failed"):
                    end(source, error=error.sentence)
            else:
                with engine.settlement(claim, Job.State.SUCCEEDED):
                    end(source, counts=counts)

    def look_through(self, source: Source) -> dict[str, int]:
        """Return how many items are new, other, of no use, gone and the same. Raises PlaceFailed, _TurnOver."""
        place, there = place_of(source), set()
        known = {row.key: row for row in source.items.select_related("document")}
        for item in _bounded(place.items()):
            self.claim.ensure_held()
            there.add(item.key)
            row = known.get(item.key) or SourceItem(source=source, key=item.key)
            if not _is_known(source, item, row):
                self.look_at(source, place, item, row)
        if not there:
            raise PlaceFailed(_("Nothing that can be read was found there. What was taken over before stays."))
        gone = known.keys() - there
        for key in sorted(gone):
            with engine.checkpoint(self.claim):
                let_go(known[key])
        counts = {name: source.counts.get(name, 0) for name in ("new", "changed", "failed")}
        return counts | {"gone": len(gone), "same": len(there) - sum(counts.values())}

    def look_at(self, source: Source, place: Place, item: Item, row: SourceItem) -> None:
        """Fetch one item and take it over. What cannot be fetched or read is written at the item, whose document stays as it was."""
        self.ends_at = self.ends_at or time.monotonic() + TURN_S  # listing is not counted: each turn looks at something
        if time.monotonic() > self.ends_at:
            raise _TurnOver
        try:
            found = place.fetch(item)
        except PlaceFailed as error:
            self.bear(error)
            self.note(source, row, "failed", error=error.sentence, mark="")
            return
        self.failed = 0
        if found.mark == row.mark and row.document is not None:
            self.note(source, row, "same", error="", mark=found.mark)
            return
        try:
            self.store(source, row, found)
        except DomainError as error:
            self.note(source, row, "failed", error=str(error.message), mark=found.mark)

    def store(self, source: Source, row: SourceItem, found: Fetched) -> None:
        """Make what was fetched the item's document. Raises DomainError for what is none."""
        upload = InMemoryUploadedFile(BytesIO(found.data), "file", found.name, None, len(found.data), None)
        former = row.document
        with engine.checkpoint(self.claim):
            row.document, is_new = store_document(
                knowledge_base=source.knowledge_base,
                upload=upload,
                name=found.name,
                tags=source.tags,
                by=source.made_by,
                is_owed=True,
            )
            row.is_own = is_new or (row.is_own and row.document == former)
            row.read_at = timezone.now()
            _seen(source, row, "changed" if former else "new", error="", mark=found.mark)

    def bear(self, error: PlaceFailed) -> None:
        """Bear that an item cannot be fetched, but not many one after the other: then it is the place. Raises PlaceFailed."""
        self.failed += 1
        if error.is_transient and self.failed >= MOST_FAILED:
            raise error

    def note(self, source: Source, row: SourceItem, what: str, *, error: str, mark: str) -> None:
        with engine.checkpoint(self.claim):
            _seen(source, row, what, error=error, mark=mark)


def _is_known(source: Source, item: Item, row: SourceItem) -> bool:
    """Say whether an item needs no look: it has the mark that it had, or was looked at in this round."""
    is_same = bool(item.mark) and item.mark == row.mark and bool(row.document_id or row.error)
    return is_same or (row.seen_at is not None and source.began_at is not None and row.seen_at >= source.began_at)


def _seen(source: Source, row: SourceItem, what: str, *, error: str, mark: str) -> None:
    """Write down what became of an item, and count it; part of a checkpoint."""
    row.error, row.mark, row.seen_at = error[:300], mark[:200], timezone.now()
    row.save()
    if what != "same":
        source.counts = source.counts | {what: source.counts.get(what, 0) + 1}
        Source.objects.filter(pk=source.pk).update(counts=source.counts)


def _begun(claim: Claim) -> Source | None:
    """Return the source that is due, marked as looked through by this job; None when it is not, or is gone."""
    with engine.checkpoint(claim):
        found = Source.objects.select_for_update().filter(pk=claim.object_id).first()
        if found is None or not _is_due(found, claim):
            return None
        if found.job != claim.job_id:
            Source.objects.filter(pk=found.pk).update(
                job=claim.job_id, next_at=None, error="", began_at=timezone.now(), counts={}
            )
    return Source.objects.select_related("knowledge_base", "made_by").get(pk=claim.object_id)


def _is_due(source: Source, claim: Claim) -> bool:
    is_time = source.next_at is not None and source.next_at <= timezone.now()
    return source.job == claim.job_id or (source.job is None and is_time)


def _bounded(items: Iterator[Item]) -> Iterator[Item]:
    for number, item in enumerate(items):
        if number >= MOST_ITEMS:
            raise PlaceFailed(_("More than %(most)d items are there. Choose a smaller part.") % {"most": MOST_ITEMS})
        yield item


def let_go(row: SourceItem) -> None:
    """Forget an item, and delete its document, unless somebody uploaded it, or another item has it too.

    An older version, which goes on answering where the newer one could not be read, goes too.
    """
    document, is_own = row.document, row.is_own
    row.delete()
    if document is None or not is_own:
        return
    if document.items.exists():
        document.items.update(is_own=True)
        return
    versions = Document.objects.filter(
        knowledge_base=document.knowledge_base_id, name=document.name, created_at__lte=document.created_at
    )
    for version in versions:
        record(actions.DOCUMENT_DELETED, actor=None, target=version, before={"name": version.name})
        version.delete()


def end(source: Source, *, error: str = "", counts: dict[str, int] | None = None) -> None:
    """Note how it went, and plan the next time, at once where it was changed meanwhile; part of the transaction that ends the job."""
    values: dict[str, Any] = {"job": None, "error": error[:300]}
    Source.objects.filter(pk=source.pk).update(**values | ({"synced_at": timezone.now()} if counts else {}))
    fresh = Source.objects.get(pk=source.pk)
    plan(fresh, is_now=fresh.began_at is not None and fresh.updated_at > fresh.began_at)
    if counts and any(counts[name] for name in ("new", "changed", "gone")):
        record(actions.SOURCE_SYNCED, actor=None, target=source, after=counts)


def plan(source: Source, *, is_now: bool = False, is_owed: bool = True) -> None:
    """Have a source looked through when it is due next, or now. Raises what jobs.enqueue() does, unless it `is_owed`."""
    span = Source.SPANS.get(str(source.every))
    at = timezone.now() if is_now else timezone.now() + span if span else None
    Source.objects.filter(pk=source.pk).update(next_at=at)
    if at is not None:
        jobs.enqueue(kind=SYNC, queue=DOCUMENTS, object_id=source.pk, not_before=at, is_owed=is_owed)
