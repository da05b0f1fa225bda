"""What can be done with batches: read a table, look at what it would come to, start, stop, ask again, take the results out."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents import composing
from apps.agents.models import Agent
from apps.agents.services import files, form_runs
from apps.agents.services.runs import checked_question, refuse_details, require_place
from apps.agents.types import RUN, AskedForm
from apps.audit.services.trail import record
from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput, TooLarge
from apps.core.language import one_line
from apps.core.permissions import require
from apps.core.spreadsheets import read_table, written
from apps.core.tenancy import current_tenant
from apps.jobs import services as jobs
from apps.projects.models import Project
from apps.prompts.types import Variable
from apps.workflows import actions, batching
from apps.workflows.batching import ItemState, values_of
from apps.workflows.models import Batch, BatchItem
from apps.workflows.types import BATCH, QUESTION

ADD = "workflows.add_batch"
MOST_ROWS, MOST_BYTES, MOST_CELL_CHARS = 5_000, 5 << 20, 8_000
MOST_KEPT, MOST_FILES = 100, 100
FILE = "File"
"""The column with the names of files, in a batch that has a row for each."""
RESULTS = ("Status", "Result", "Reason", "Run")
"""The columns that are added to those of the table; names for programs, so not translated."""


def columns_for(agent: Agent) -> list[str]:
    """Return the columns that a table for an agent has."""
    form = composing.form_of(agent)
    return [variable.name for variable in form.variables] if form else [QUESTION]


def add_batch(
    *,
    actor: Any,
    agent: Agent,
    name: str,
    data: bytes | None = None,
    rows: Sequence[Mapping[str, str]] = (),
    **about: Any,
) -> Batch:
    """Read a table, as a CSV file or as rows, into a draft; rows that do not fit the form are marked, with the reason.

    `project` may be named. Raises Forbidden, InvalidInput at `file`, TooLarge, Conflict for an agent that is not in the project.
    """
    require(actor, ADD)
    if data is not None and len(data) > MOST_BYTES:
        raise TooLarge(_("At most %(n)d MB. Split the file.") % {"n": MOST_BYTES >> 20}, field="file")
    columns, table = read_table(data, most_rows=MOST_ROWS) if data is not None else _checked_rows(rows)
    _check_columns(agent, columns)
    batch = _draft(actor, agent, one_line(name, 120) or agent.name, about.get("project"))
    batch.columns = columns
    form = composing.form_of(agent)
    return _added(batch, [_item(batch, number, cells, form) for number, cells in enumerate(table, 1)])


def add_batch_of_files(
    *, actor: Any, agent: Agent, uploads: Sequence[UploadedFile], shared: Mapping[str, Any], **about: Any
) -> Batch:
    """Keep files into a draft with a row for each, in the first place of the agent's form for a file; those that cannot be kept are marked.

    `shared` fills in the other variables, alike in every row; what is uploaded there has to be readable. `name` and `project` may be named.
    Raises Forbidden, InvalidInput at `files` or `shared.<name>`, Conflict for an agent that is not in the project.
    """
    require(actor, ADD)
    form = composing.form_of(agent)
    asked = files_asked_by(agent)
    if form is None or not asked:
        raise InvalidInput(_("The form of this agent asks for no file."), field="files")
    if not 0 < len(uploads) <= MOST_FILES:
        raise InvalidInput(_("Choose 1 to %(n)d files.") % {"n": MOST_FILES}, field="files")
    batch = _draft(actor, agent, one_line(about.get("name", ""), 120) or agent.name, about.get("project"))
    batch.columns = [FILE, *(variable.name for variable in form.variables)]
    alike = {name: _kept(actor, value, f"shared.{name}") for name, value in shared.items() if name != asked[0].name}
    return _added(batch, [_file_item(batch, number, upload, alike, form) for number, upload in enumerate(uploads, 1)])


def files_asked_by(agent: Agent) -> list[Variable]:
    """Return the variables of an agent's form that take files."""
    form = composing.form_of(agent)
    return [variable for variable in form.variables if variable.kind == "file"] if form else []


def columns_shown(batch: Batch) -> list[str]:
    """Return the columns that people are shown: of files their names, and not the keys under which they are kept."""
    keys = {variable.name for variable in files_asked_by(batch.agent)} if FILE in batch.columns else set()
    return [name for name in batch.columns if name not in keys]


def _kept(actor: Any, value: Any, field: str) -> str:
    """Return what is filled in: the key of what is uploaded, or what was written. Raises InvalidInput at the field."""
    if not isinstance(value, UploadedFile):
        return str(value)
    try:
        return str(files.keep_file(actor=actor, upload=value).pk)
    except (InvalidInput, TooLarge) as error:
        raise InvalidInput(str(error.message), field=field) from error


def _file_item(batch: Batch, number: int, upload: UploadedFile, alike: Mapping[str, str], form: AskedForm) -> BatchItem:
    cells = {FILE: upload.name or "", **alike}
    variable = next(variable.name for variable in form.variables if variable.kind == "file")
    try:
        cells[variable] = _kept(batch.owner, upload, variable)
    except InvalidInput as error:
        return BatchItem(
            batch=batch, number=number, cells=cells, state=ItemState.INVALID, error=str(error.message)[:300]
        )
    return _item(batch, number, cells, form)


def _added(batch: Batch, items: Sequence[BatchItem]) -> Batch:
    """Store a draft with its rows."""
    with transaction.atomic():
        batch.save()
        BatchItem.objects.bulk_create(items, batch_size=500)
        after = {"agent": batch.agent.name, "rows": len(items)}
        record(actions.BATCH_ADDED, actor=batch.owner, target=batch, after=after)
    return batch


def _draft(actor: Any, agent: Agent, name: str, project: Project | None) -> Batch:
    if not Agent.objects.usable_by(actor).filter(pk=agent.pk).exists():
        raise Forbidden(_("You may not ask this agent (any more)."))
    if project is not None:
        require_place(actor, project, agent)
    if Batch.objects.filter(owner=actor).count() >= MOST_KEPT:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST_KEPT}, field="file")
    return Batch(owner=actor, agent=agent, project=project, name=name)


def _checked_rows(rows: Sequence[Mapping[str, str]]) -> tuple[list[str], list[dict[str, str]]]:
    if not rows:
        raise InvalidInput(_("There are no rows."), field="rows")
    if len(rows) > MOST_ROWS:
        raise InvalidInput(_("At most %(n)d rows. Split the file.") % {"n": MOST_ROWS}, field="rows")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, [{name: str(row.get(name, "")).replace("\0", "") for name in columns} for row in rows]


def _check_columns(agent: Agent, columns: Sequence[str]) -> None:
    """Raise InvalidInput for a table that lacks a column without which no row could be asked for."""
    if any(len(name) > 200 for name in columns):
        raise InvalidInput(_("The name of a column is too long."), field="file")
    named = set(values_of(Batch(), dict.fromkeys(columns, "")))
    form = composing.form_of(agent)
    needed = [v.name for v in form.variables if v.is_required and not v.default] if form else [QUESTION]
    missing = [name for name in needed if name not in named]
    if missing:
        words = _("The table has no column “%(names)s”. Its first line names the columns.")
        raise InvalidInput(words % {"names": "”, “".join(missing)}, field="file")


def _item(batch: Batch, number: int, cells: dict[str, str], form: AskedForm | None) -> BatchItem:
    item = BatchItem(batch=batch, number=number, cells={name: text[:MOST_CELL_CHARS] for name, text in cells.items()})
    try:
        _check_row(batch, values_of(batch, cells), form)
    except InvalidInput as error:
        item.state, item.error = ItemState.INVALID, str(error.message)[:300]
    return item


def _check_row(batch: Batch, values: Mapping[str, str], form: AskedForm | None) -> None:
    question = values.get(QUESTION, "")
    if form is not None:
        question = composing.fill_in(form, values, batch.owner).question
    refuse_details(batch.agent, checked_question(question), "text")


def expected_cost(*, actor: Any, batch: Batch) -> Decimal | None:
    """Return what all rows are expected to cost, in US dollars, reckoned from the first; None for an agent without a form."""
    first = batch.items.filter(state=ItemState.WAITING).order_by("number").first()
    if first is None or not batch.agent.has_form:
        return None
    try:
        one = form_runs.forecast(
            actor=actor, agent=batch.agent, given=values_of(batch, first.cells), project=batch.project
        )
    except DomainError:
        return None
    return one.cost * batch.items.filter(state=ItemState.WAITING).count()


@transaction.atomic
def start_batch(*, actor: Any, batch: Batch) -> None:
    """Start a draft, or have a paused batch go on. Raises Forbidden, Conflict, and what admission to the queue raises."""
    _require_owner(actor, batch)
    if batch.state not in (Batch.State.DRAFT, Batch.State.PAUSED):
        raise Conflict(_("It runs already, or has ended."))
    if not batch.items.filter(state__in=(ItemState.WAITING, ItemState.STARTED)).exists():
        raise Conflict(_("There is no row that could be asked for."))
    record(actions.BATCH_STARTED, actor=actor, target=batch)
    batching.go_on(batch)


@transaction.atomic
def ask_again(*, actor: Any, batch: Batch) -> int:
    """Ask again for the rows that failed or were stopped; return how many. Raises Forbidden, Conflict while it runs or for none."""
    _require_owner(actor, batch)
    if batch.state in (Batch.State.DRAFT, Batch.State.RUNNING):
        raise Conflict(_("Wait until it has ended."))
    if jobs.is_active(object_id=batch.pk, kind=BATCH):
        raise Conflict(_("Wait until it has ended."))  # it was stopped just now
    again = batch.items.filter(state__in=(ItemState.FAILED, ItemState.CANCELLED))
    count = again.update(state=ItemState.WAITING, run=None, error="")
    if not count:
        raise Conflict(_("There is no row that failed."))
    record(actions.BATCH_STARTED, actor=actor, target=batch, after={"again": count})
    batching.go_on(batch)
    return count


@transaction.atomic
def stop_batch(*, actor: Any, batch: Batch) -> None:
    """Ask for no further row, and stop those on their way; what is done stays. Raises Forbidden, Conflict for one that has ended."""
    require_stopping(actor, batch)
    if batch.state not in (Batch.State.RUNNING, Batch.State.PAUSED):
        raise Conflict(_("It has ended already."))
    jobs.cancel(object_id=batch.pk, kind=BATCH)  # jobs first: a worker that ends a run locks its job before the batch
    runs = batch.items.filter(state=ItemState.STARTED, run__isnull=False).values_list("run_id", flat=True)
    jobs.cancel_all(kind=RUN, object_ids=list(runs))
    batching.end(Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk), Batch.State.CANCELLED)
    record(actions.BATCH_STOPPED, actor=actor, target=batch)


@transaction.atomic
def remove_batch(*, actor: Any, batch: Batch) -> None:
    """Remove a batch with its rows; its runs stay. Raises Forbidden, Conflict while it runs."""
    require_stopping(actor, batch)
    if batch.state == Batch.State.RUNNING:
        raise Conflict(_("Stop it first."))
    record(actions.BATCH_REMOVED, actor=actor, target=batch)
    batch.delete()


def results_of(batch: Batch) -> Iterator[str]:
    """Yield the lines of a CSV file: the table as it was, with what came of each row."""
    return written(_result_rows(batch))


def _result_rows(batch: Batch) -> Iterator[list[object]]:
    columns = columns_shown(batch)
    yield [*columns, *RESULTS]
    at = current_tenant().address("/runs/")
    for item in batch.items.select_related("run").order_by("number").iterator(chunk_size=500):
        run = item.run
        found = [run.answer, item.error or run.error, f"{at}{run.pk}/"] if run else ["", item.error, ""]
        yield [*(item.cells.get(name, "") for name in columns), item.state, *found]


def _require_owner(actor: Any, batch: Batch) -> None:
    if batch.owner_id != actor.pk:
        raise Forbidden(_("Its owner alone starts it: it asks in their name."))


def require_stopping(actor: Any, batch: Batch) -> None:
    """Raise Forbidden unless the batch is the actor's, or they look after everybody's."""
    if not Batch.objects.stoppable_by(actor).filter(pk=batch.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))
