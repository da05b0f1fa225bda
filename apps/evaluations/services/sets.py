"""Evaluation sets and their cases: made, changed, filled from a table or from what people said of an answer, removed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.agents import composing
from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.agents.services.runs import checked_question, refuse_details
from apps.audit.services.trail import record
from apps.conversations.models import Feedback
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.spreadsheets import read_table
from apps.evaluations import actions
from apps.evaluations.grading import checked_schema
from apps.evaluations.models import EvaluationCase, EvaluationSet, Grader

MOST_SETS, MOST_CASES, MOST_TOLERANCE = 20, 500, 50
MOST_BYTES, MAX_EXPECTED_CHARS = 2 << 20, 20_000
FIELDS = ("name", "description", "is_guard", "tolerance", "judge", "embedder")
OWN_COLUMNS = frozenset({"question", "expected", "grader", "threshold"})


@transaction.atomic
def save_set(
    *, actor: Any, values: Mapping[str, Any], agent: Agent, evaluation_set: EvaluationSet | None = None
) -> EvaluationSet:
    """Make an evaluation set of an agent, or change one; `values` are its fields, what is left out stays.

    Raises Forbidden, InvalidInput with the field, Conflict for a taken name and for a draft, which is evaluated by its agent's sets.
    """
    require_change(actor, agent)
    if agent.draft_of_id is not None:
        raise Conflict(_("A draft is evaluated by the sets of its agent."))
    row = EvaluationSet.objects.select_for_update().get(pk=evaluation_set.pk) if evaluation_set else _new(agent)
    before = _told(row) if evaluation_set else None
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    row.name, row.description = one_line(row.name, 80), one_line(row.description, 200)
    if not row.name:
        raise InvalidInput(_("Write a name."), field="name")
    if not 0 <= row.tolerance <= MOST_TOLERANCE:
        raise InvalidInput(_("Between 0 and %(n)d.") % {"n": MOST_TOLERANCE}, field="tolerance")
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is one of this name already."), field="name") from error
    action = actions.SET_CHANGED if evaluation_set else actions.SET_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row))
    return row


def _new(agent: Agent) -> EvaluationSet:
    if agent.evaluation_sets.count() >= MOST_SETS:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST_SETS}, field="name")
    return EvaluationSet(agent=agent)


def _told(row: EvaluationSet) -> dict[str, Any]:
    told = {field: getattr(row, field) for field in ("name", "description", "is_guard", "tolerance")}
    return told | {field: str(getattr(row, field) or "") for field in ("judge", "embedder")} | {"agent": row.agent.name}


@transaction.atomic
def remove_set(*, actor: Any, evaluation_set: EvaluationSet) -> None:
    """Remove a set with its cases and what came of them. Raises Forbidden, Conflict while it runs."""
    require_change(actor, evaluation_set.agent)
    _require_rest(evaluation_set)
    record(actions.SET_REMOVED, actor=actor, target=evaluation_set, before=_told(evaluation_set))
    evaluation_set.delete()


@transaction.atomic
def save_case(
    *, actor: Any, evaluation_set: EvaluationSet, values: Mapping[str, Any], case: EvaluationCase | None = None
) -> EvaluationCase:
    """Add a case, or change one; `values` are its fields, what is left out stays.

    Raises Forbidden, InvalidInput with the field (`values.<name>` for what is filled in), Conflict while the set runs.
    """
    require_change(actor, evaluation_set.agent)
    _require_rest(evaluation_set)
    row = _filled(actor, case or EvaluationCase(evaluation_set=evaluation_set), values)
    row.save()
    if case is None:
        _count(actor, evaluation_set, 1)
    else:
        record(actions.CASE_CHANGED, actor=actor, target=evaluation_set, after={"case": row.asked[:200]})
    return row


@transaction.atomic
def add_cases(*, actor: Any, evaluation_set: EvaluationSet, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add several cases or none, and return how many. Raises Forbidden, InvalidInput that names the line, Conflict while the set runs."""
    require_change(actor, evaluation_set.agent)
    _require_rest(evaluation_set)
    made = []
    for number, values in enumerate(rows, start=1):
        try:
            made.append(_filled(actor, EvaluationCase(evaluation_set=evaluation_set), values))
        except InvalidInput as error:
            words = _("Case %(n)d: %(problem)s") % {"n": number, "problem": error.message}
            raise InvalidInput(words, field="cases") from error
    for row in made:
        row.save()  # one by one: their order is that of their times
    _count(actor, evaluation_set, len(made))
    return len(made)


def rows_of(agent: Agent, data: bytes) -> list[dict[str, Any]]:
    """Read cases from a CSV file: `expected`, perhaps `grader` and `threshold`, and `question` or a column for each place of the form.

    Raises InvalidInput at `file`.
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput(_("At most %(n)d MB. Split the file.") % {"n": MOST_BYTES >> 20}, field="file")
    columns, table = read_table(data, most_rows=MOST_CASES)
    names = {column: "_".join(column.lower().split()) for column in columns}
    missing = {"expected", *(() if agent.has_form else ("question",))} - set(names.values())
    if missing:
        words = _("The table has no column “%(names)s”. Its first line names the columns.")
        raise InvalidInput(words % {"names": "”, “".join(sorted(missing))}, field="file")
    return [_row({names[column]: text for column, text in cells.items()}) for cells in table]


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[name].strip() for name in OWN_COLUMNS & cells.keys() if cells[name].strip()}
    if "grader" in row:
        row["grader"] = row["grader"].lower()
    return row | {"values": {name: text for name, text in cells.items() if name not in OWN_COLUMNS}}


def proposal_of(feedback: Feedback) -> dict[str, Any]:
    """Return the case that what somebody said of an answer makes: what would have been right, or the answer that was good."""
    message = feedback.message
    expected = feedback.correction or (message.text if feedback.is_good else "")
    question = message.parent.text if message.parent else ""
    return {"question": question, "expected": expected, "grader": Grader.JUDGE.value, "origin": message.pk}


@transaction.atomic
def remove_case(*, actor: Any, case: EvaluationCase) -> None:
    """Remove a case; what came of it stays. Raises Forbidden, Conflict while the set runs."""
    evaluation_set = case.evaluation_set
    require_change(actor, evaluation_set.agent)
    _require_rest(evaluation_set)
    record(actions.CASE_REMOVED, actor=actor, target=evaluation_set, before={"case": case.asked[:200]})
    case.delete()


def _filled(actor: Any, row: EvaluationCase, values: Mapping[str, Any]) -> EvaluationCase:
    for field in ("question", "values", "grader", "expected", "threshold", "origin"):
        if field in values:
            setattr(row, field, values[field])
    if row.grader not in Grader.values:
        words = _("Choose one of %(names)s.")
        raise InvalidInput(words % {"names": ", ".join(Grader.values)}, field="grader")
    row.threshold = _share(row.threshold)
    _check_question(actor, row)
    _check_expected(row)
    return row


def _share(value: Any) -> float:
    try:
        share = float(str(value).replace(",", "."))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidInput(_("Write a number between 0 and 1."), field="threshold")
    return share


def _check_question(actor: Any, row: EvaluationCase) -> None:
    agent = row.evaluation_set.agent
    form = composing.form_of(agent)
    if form is None:
        row.values = {}
        try:
            row.question = checked_question(row.question)
        except InvalidInput as error:
            raise InvalidInput(error.message, field="question", code=error.code) from error
        return refuse_details(agent, row.question, "question")
    if any(variable.takes_files and variable.is_required for variable in form.variables):
        raise InvalidInput(_("The form of this agent asks for a file, which a case cannot hold."), field="question")
    filled = composing.fill_in(form, row.values, actor)
    row.question, row.values = "", filled.values
    return refuse_details(agent, filled.question, "question")


def _check_expected(row: EvaluationCase) -> None:
    row.expected = str(row.expected).replace("\0", "").strip()
    if not row.expected:
        raise InvalidInput(_("Write what is expected."), field="expected")
    if len(row.expected) > MAX_EXPECTED_CHARS:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": MAX_EXPECTED_CHARS}, field="expected")
    if row.grader == Grader.SCHEMA:
        row.expected = checked_schema(row.expected)


def _count(actor: Any, evaluation_set: EvaluationSet, added: int) -> None:
    count = evaluation_set.cases.count()
    if count > MOST_CASES:
        raise InvalidInput(_("At most %(n)d cases in a set.") % {"n": MOST_CASES}, field="question")
    record(actions.CASES_ADDED, actor=actor, target=evaluation_set, after={"added": added, "cases": count})


def _require_rest(evaluation_set: EvaluationSet) -> None:
    EvaluationSet.objects.select_for_update().get(pk=evaluation_set.pk)
    if evaluation_set.runs.filter(state="running").exists():
        raise Conflict(_("It runs at the moment. Wait until it has ended, or stop it."), code="evaluation_running")
