"""The worker side of a source: look what is there, take over what is new or other, let go what is gone. Each item is a checkpoint."""

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
from apps.knowledge.models import Source, SourceItem
from apps.knowledge.places import Item, Place, PlaceFailed, place_of
from apps.knowledge.places.base import MOST_ITEMS
from apps.knowledge.storing import store_document

SYNC = "source.sync"
RETRY_S, TRIES = 60.0, 3
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


class _Round:
    """One look through a source."""

    def __init__(self, claim: Claim) -> None:
        self.claim, self.failed = claim, 0

    def go(self) -> None:
        claim = self.claim
        source = _begun(claim)
        if source is None:
            with engine.settlement(claim, Job.State.SUCCEEDED):
                return
        with translation.override(source.made_by.language if source.made_by else None):
            try:
                counts = self.look_through(source)
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
        """Return how many items are new, other, the same, gone and of no use."""
        place, counts = place_of(source), dict.fromkeys(("new", "changed", "same", "gone", "failed"), 0)
        known = {row.key: row for row in source.items.select_related("document")}
        there = set()
        for item in _bounded(place.items()):
            self.claim.ensure_held()
            there.add(item.key)
            row = known.get(item.key) or SourceItem(source=source, key=item.key)
            counts[self.take_over(source, place, item, row)] += 1
        if not there:
            raise PlaceFailed(_("Nothing that can be read was found there. What was taken over before stays."))
        for key in sorted(known.keys() - there):
            with engine.checkpoint(self.claim):
                let_go(known[key])
            counts["gone"] += 1
        return counts

    def take_over(self, source: Source, place: Place, item: Item, row: SourceItem) -> str:
        """Take over one item, and return what it was. What cannot be read is written at the item and keeps nothing else."""
        if item.mark and item.mark == row.mark and (row.document_id or row.error):
            return "same"
        is_new, former = row.document is None, row.document
        try:
            found = place.fetch(item)
        except PlaceFailed as error:
            self.fail(error)
            return self.note(row, error.sentence)
        self.failed = 0
        if found.mark == row.mark and former is not None:
            return "same"
        upload = InMemoryUploadedFile(BytesIO(found.data), "file", found.name, None, len(found.data), None)
        try:
            with engine.checkpoint(self.claim):
                row.document, is_new_file = store_document(
                    knowledge_base=source.knowledge_base,
                    upload=upload,
                    name=found.name,
                    tags=source.tags,
                    by=source.made_by,
                    is_owed=True,
                )
                row.is_own = is_new_file or (row.is_own and row.document == former)
                row.mark, row.error, row.read_at = found.mark[:200], "", timezone.now()
                row.save()
        except DomainError as error:
            return self.note(row, str(error.message), mark=found.mark)
        return "new" if is_new else "changed"

    def fail(self, error: PlaceFailed) -> None:
        """Bear that an item cannot be fetched, but not many one after the other: then it is the place. Raises PlaceFailed."""
        self.failed += 1
        if error.is_transient and self.failed >= MOST_FAILED:
            raise error

    def note(self, row: SourceItem, reason: str, *, mark: str = "") -> str:
        with engine.checkpoint(self.claim):
            row.error, row.mark, row.read_at = reason[:300], mark[:200], timezone.now()
            row.save()
        return "failed"


def _begun(claim: Claim) -> Source | None:
    """Return the source that is due, marked as looked through by this job; None when it is not, or is gone."""
    with engine.checkpoint(claim):
        found = Source.objects.select_for_update().filter(pk=claim.object_id).first()
        if found is None or not _is_due(found, claim):
            return None
        Source.objects.filter(pk=found.pk).update(job=claim.job_id, next_at=None, error="")
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
    """Forget an item, and delete its document, unless somebody uploaded it, or another item has it too."""
    document, is_own = row.document, row.is_own
    row.delete()
    if document is None or not is_own:
        return
    if document.items.exists():
        document.items.update(is_own=True)
        return
    record(actions.DOCUMENT_DELETED, actor=None, target=document, before={"name": document.name})
    document.delete()


def end(source: Source, *, error: str = "", counts: dict[str, int] | None = None) -> None:
    """Note how it went, and plan the next time; part of the transaction that ends the job."""
    values: dict[str, Any] = {"job": None, "error": error[:300]}
    Source.objects.filter(pk=source.pk).update(**values | ({"synced_at": timezone.now()} if counts else {}))
    plan(source)
    if counts and any(counts[name] for name in ("new", "changed", "gone")):
        record(actions.SOURCE_SYNCED, actor=None, target=source, after=counts)


def plan(source: Source, *, is_now: bool = False) -> None:
    """Have a source looked through when it is due next, or now."""
    span = Source.SPANS.get(str(source.every))
    at = timezone.now() if is_now else timezone.now() + span if span else None
    Source.objects.filter(pk=source.pk).update(next_at=at)
    if at is not None:
        jobs.enqueue(kind=SYNC, queue=DOCUMENTS, object_id=source.pk, not_before=at, is_owed=not is_now)
