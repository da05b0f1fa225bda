"""The worker side of batches: keep a few rows asked for at a time, until every row has its end."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone, translation

from apps.accounts.telling import tell
from apps.agents.models import Run
from apps.agents.services import form_runs
from apps.agents.services.runs import start_run
from apps.audit.services.trail import record
from apps.core.caller import Caller, calling
from apps.core.errors import DomainError, Forbidden, TooManyRequests, Unavailable
from apps.core.tenancy import bound
from apps.jobs import engine, waiting
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS, Claim
from apps.usage.errors import BudgetSpent
from apps.workflows import actions
from apps.workflows.models import Batch, BatchItem
from apps.workflows.types import BATCH, QUESTION

WIDTH = 8
"""Rows that are asked for at once."""
LOOK_AGAIN = timedelta(minutes=2)
ItemState = BatchItem.State


class Batches:
    """Handler of jobs of the kind BATCH."""

    def work(self, claim: Claim) -> None:
        while True:
            claim.ensure_held()
            batch = _read(claim)
            if batch is None or batch.state != Batch.State.RUNNING or not _is_open(batch):
                if _ended(claim):
                    return
                continue
            item = _next(batch)
            delay_s = _start_next(claim, batch, item) if item is not None else None
            if (item is None or delay_s is not None) and _parked(claim, delay_s):
                return

    def cancel(self, claim: Claim) -> None:
        batch = _read(claim, is_locked=True)
        if batch is not None:
            end(batch, Batch.State.CANCELLED)

    def bury(self, claim: Claim, reason: str) -> None:
        batch = _read(claim, is_locked=True)
        if batch is not None:
            pause(batch, reason)


def _read(claim: Claim, *, is_locked: bool = False) -> Batch | None:
    """Return the batch, None when it is gone with its owner."""
    found = Batch.objects.select_related("owner", "agent__form", "agent__model__provider", "project")
    found = found.select_for_update(of=("self",)) if is_locked else found
    return found.filter(pk=claim.object_id).first()


def _is_open(batch: Batch) -> bool:
    return batch.items.filter(state__in=(ItemState.WAITING, ItemState.STARTED)).exists()


def _next(batch: Batch) -> BatchItem | None:
    """Return the row to ask for next, None while as many are asked for as may be."""
    if batch.items.filter(state=ItemState.STARTED).count() >= WIDTH:
        return None
    return batch.items.filter(state=ItemState.WAITING).order_by("number").first()


def _start_next(claim: Claim, batch: Batch, item: BatchItem) -> float | None:
    """Ask for one row unless it was stopped meanwhile; return after how many seconds to try again, None when it has begun."""
    with engine.checkpoint(claim):
        locked = batch.items.select_for_update().filter(pk=item.pk, state=ItemState.WAITING).first()
        return start(batch, locked) if locked is not None else None


def _ended(claim: Claim) -> bool:
    """End the job of a batch that has nothing more to do; False when somebody had it go on meanwhile, which locks it, too."""

    def write() -> bool:
        batch = _read(claim, is_locked=True)
        is_running = batch is not None and batch.state == Batch.State.RUNNING
        if batch is None or not is_running or _is_open(batch):
            return not is_running
        end(batch, Batch.State.DONE)
        return True

    return waiting.ended(claim, write)


def _parked(claim: Claim, delay_s: float | None) -> bool:
    """Wait for the end of a row, or so many seconds; False when one ended meanwhile."""

    def is_idle() -> bool:
        batch = _read(claim, is_locked=True) if delay_s is None else None
        return delay_s is not None or (batch is not None and _next(batch) is None and _is_open(batch))

    until = timezone.now() + (LOOK_AGAIN if delay_s is None else timedelta(seconds=delay_s))
    return waiting.parked(claim, until=until, is_idle=is_idle)


def start(batch: Batch, item: BatchItem) -> float | None:
    """Ask for one row; return after how many seconds to try again what may pass by itself. What may not is written down."""
    through = Caller(through=f"batch:{batch.name}")
    with translation.override(batch.owner.language or None), calling(through):
        try:
            with transaction.atomic():
                run = _asked(batch, item)
        except (BudgetSpent, Forbidden) as stopped:
            pause(batch, str(stopped.message))
        except (TooManyRequests, Unavailable) as later:
            return float(later.retry_after_s)
        except DomainError as error:
            _note(item, ItemState.FAILED, error=str(error.message)[:300])
        else:
            _note(item, ItemState.STARTED, run=run, error="")
    return None


def _asked(batch: Batch, item: BatchItem) -> Run:
    values = values_of(batch, item.cells)
    about: dict[str, Any] = {"actor": batch.owner, "agent": batch.agent, "project": batch.project}
    if batch.agent.has_form:
        return form_runs.start_form_run(given=values, **about)
    return start_run(question=values.get(QUESTION, ""), **about)


def values_of(batch: Batch, cells: dict[str, str]) -> dict[str, str]:
    """Return the cells of a row by the names of the form's variables: `Due date` is `due_date`."""
    return {"_".join(column.lower().split()): text.strip() for column, text in cells.items()}


def _note(item: BatchItem, state: BatchItem.State, **fields: Any) -> None:
    BatchItem.objects.filter(pk=item.pk).update(state=state, **fields)


def follow(run: Run) -> None:
    """Write down what came of a row, in the checkpoint that ends its run, and have the next one asked for."""
    item = BatchItem.objects.filter(run=run).first()
    if item is None:
        return
    Batch.objects.select_for_update().get(pk=item.batch_id)
    ends = {Run.State.SUCCEEDED: ItemState.DONE, Run.State.CANCELLED: ItemState.CANCELLED}
    _note(item, ends.get(Run.State(run.state), ItemState.FAILED), error=run.error[:300])
    batch_id = item.batch_id
    transaction.on_commit(bound(lambda: jobs.resume(object_id=batch_id, kind=BATCH)))


def go_on(batch: Batch) -> None:
    """Have the rows that wait asked for."""
    started_at = batch.started_at or timezone.now()
    about: dict[str, Any] = {"state": Batch.State.RUNNING, "reason": "", "finished_at": None}
    Batch.objects.filter(pk=batch.pk).update(started_at=started_at, **about)
    jobs.enqueue(kind=BATCH, queue=AGENTS, object_id=batch.pk, dedupe_key=str(batch.pk))


def pause(batch: Batch, reason: str) -> None:
    """Ask for no further row until somebody says so; those on their way come to their end."""
    running = Batch.objects.filter(pk=batch.pk, state=Batch.State.RUNNING)
    if running.update(state=Batch.State.PAUSED, reason=reason[:300]):
        record(actions.BATCH_PAUSED, actor=None, target=batch, after={"reason": reason[:300]})
        _tell(batch, reason)


def end(batch: Batch, state: Batch.State) -> None:
    """End a batch; rows that wait are not asked for any more."""
    batch.items.filter(state=ItemState.WAITING).update(state=ItemState.CANCELLED)
    Batch.objects.filter(pk=batch.pk).update(state=state, finished_at=Now())
    if state == Batch.State.DONE:
        _tell(batch, "")


def _tell(batch: Batch, reason: str) -> None:
    counted = Batch.objects.with_counts().get(pk=batch.pk)
    tell(batch.owner, "workflows/email/batch", f"/batches/{batch.pk}/", batch=counted, reason=reason)
