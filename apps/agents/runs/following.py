"""A turn of an agent that works by a blueprint: step by step, each stored when it is done, its calls when they are."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import orjson
import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from apps.agents import caps, places, registry
from apps.agents.acting import InDoubt, Parked
from apps.agents.blueprints import Blueprint, Earlier, Step, StepFailed
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import FormFile, Run, RunEvent
from apps.agents.records import add_event
from apps.agents.runs.asking import Asking, Wanted
from apps.agents.runs.tools import ToolUse
from apps.agents.runs.turn import Turn
from apps.agents.sandbox import scripts
from apps.agents.sandbox.base import ProgramFailed, Script, ScriptEnded, ScriptLimits
from apps.agents.tools.base import MIXED
from apps.agents.tools.files import WORK_ON_FILES
from apps.core.errors import DomainError
from apps.core.models import is_storable
from apps.jobs import engine
from apps.jobs.errors import JobCancelled, LostLease
from apps.jobs.types import Claim
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.parsers import STRUCTURED, TABULAR, parse_file, read_archive, read_sheets, read_tree
from apps.knowledge.types import Block, Element, Sheet, SourceFile
from apps.prompts.templating import given_values, render
from apps.providers.errors import ProviderError
from apps.providers.registry import kind_of
from apps.providers.types import ChatMessage, ToolCall
from apps.usage.errors import BudgetSpent

log = structlog.get_logger(__name__)
T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")
MARK_CHARS, MOST_EARLIER = 200, 10
PASSED_ON = (
    *(Parked, InDoubt, StepFailed, BudgetSpent, ProviderError, caps.CapReached),
    *(JobCancelled, LostLease, OperationalError, InterfaceError),
)
MEND = "That was no JSON of the kind that is wanted: {error}\nAnswer again, with the JSON alone."


class BlueprintTurn(Turn):
    """The steps of a blueprint, those that are stored left out."""

    def __init__(self, claim: Claim, run: Run) -> None:
        super().__init__(claim, run)
        self.asking = Asking(self)
        self.tools = ToolUse(
            self, registry.tools_of(run.acts_as, run.project, allowed=run.allowed_tools, depth=run.depth)
        )
        done = run.events.filter(kind=RunEvent.Kind.STEP)
        self.done: dict[str, Any] = {event.name: event.payload["value"] for event in done}

    def steps(self) -> None:
        blueprint = blueprint_named(self.run.blueprint)
        if blueprint is None:
            self.fail(_("The blueprint of this run is not installed any more."))
            return
        try:
            for step in blueprint.steps:
                if step.key not in self.done:
                    self.do(blueprint, step)
            last = blueprint.steps[-1]
            result = last.gives.model_validate(self.done[last.key])
            report = blueprint.report(result).as_markdown()
        except Parked:
            self.publish("approval")
        except InDoubt as doubt:
            self.leave_to_people(str(doubt))
        except StepFailed as failed:
            self.fail(str(failed))
        else:
            self.finish(report, self.done[last.key])

    def do(self, blueprint: Blueprint, step: Step[Any]) -> None:
        """Do one step, and store what it came to. Raises StepFailed for one that breaks down, and what ends a worker's turn."""
        self.claim.ensure_held()
        caps.check(self.run, self.places)
        self.publish("working", name=str(step.title))
        started_at = timezone.now()
        try:
            value = step.gives.model_validate(step.work(_Desk(self, blueprint, step))).model_dump(mode="json")
        except PASSED_ON:
            raise
        except DomainError as error:
            raise StepFailed(str(error.message)) from error
        except Exception as error:
            log.exception("step_broke_down", blueprint=blueprint.key, step=step.key)
            words = _("The step “%(step)s” broke down. It was noted for those who look after this.")
            raise StepFailed(words % {"step": step.title}) from error
        if not is_storable(value):
            raise StepFailed(_("The step “%(step)s” came to something that cannot be stored.") % {"step": step.title})
        with engine.checkpoint(self.claim):
            payload = {"title": str(step.title), "value": value}
            event = add_event(self.run, RunEvent.Kind.STEP, step.key, payload, started_at)
        self.done[step.key] = value
        self.publish_step(event)

    def written(self) -> str:
        return ""

    def unfinished(self) -> str:
        return ""


class _Desk:
    """See apps.agents.blueprints.base.Desk."""

    def __init__(self, turn: BlueprintTurn, blueprint: Blueprint, step: Step[Any]) -> None:
        self._turn, self._run, self._blueprint, self._step = turn, turn.run, blueprint, step
        self.values: Mapping[str, str] = turn.run.inputs
        self.language = get_language() or "en"
        self.today = self._day(self._run)

    def of(self, step: Step[T]) -> T:
        return step.gives.model_validate(self._turn.done[step.key])

    def read(self, variable: str) -> Sequence[Block]:
        return self._read(variable, parse_file)

    def tree(self, variable: str) -> Element | None:
        return self._read(variable, read_tree) if self.kind_of(variable) in STRUCTURED else None

    def sheets(self, variable: str) -> Sequence[Sheet]:
        if self.kind_of(variable) not in TABULAR:
            raise StepFailed(_("%(name)s is no table. Save it as CSV or Excel.") % {"name": self.name_of(variable)})
        return self._read(variable, read_sheets)

    def archive(self, variable: str) -> tuple[Sequence[SourceFile], Sequence[str]]:
        if self.kind_of(variable) != "archive":
            raise StepFailed(
                _("%(name)s is no archive. Pack the repository as ZIP.") % {"name": self.name_of(variable)}
            )
        return self._read(variable, lambda path, kind: read_archive(path))

    def run(self, script: Script, limits: ScriptLimits) -> ScriptEnded:
        if WORK_ON_FILES.spec.name not in self._turn.tools.held:
            raise StepFailed(_("Give this agent the tool “%(tool)s”: it runs code.") % {"tool": WORK_ON_FILES.title})
        self._turn.claim.ensure_held()
        caps.check(self._run, self._turn.places)
        try:
            return scripts.run(places.here(), script, limits)
        except ProgramFailed as error:
            raise StepFailed(str(error)) from error

    def name_of(self, variable: str) -> str:
        return self._file(variable).name

    def files(self, variable: str) -> Sequence[str]:
        keys = [key for key in self.values.get(variable, "").split(",") if key]
        return [f"{variable}/{number}" for number in range(len(keys))]

    def kind_of(self, variable: str) -> str:
        return self._file(variable).kind

    def earlier(self, mark: str) -> Sequence[Earlier]:
        run = self._run
        with engine.checkpoint(self._turn.claim, is_progress=False):
            Run.objects.filter(pk=run.pk).update(mark=mark[:MARK_CHARS])
        found = Run.objects.bearing(run.agent, mark[:MARK_CHARS]).exclude(pk=run.pk).select_related("started_by")
        return [
            Earlier(self._day(other), other.started_by.name if other.started_by else "")
            for other in found.order_by("created_at")[:MOST_EARLIER]
        ]

    def ask(self, key: str, prompt: str, gives: type[T], **places: str) -> T | None:
        if not any(not kind_of(model.provider).is_built_in for model in self._turn.asking.models()):
            return None
        filled = render(self._blueprint.prompt(prompt, self._step), places | given_values(self._run.started_by))
        schema = gives.model_json_schema()
        told = f"{filled}\n\nAnswer with JSON alone, of this schema:\n{orjson.dumps(schema).decode()}"
        messages = [*self._instructions(), ChatMessage("user", told)]
        for attempt in ("1", "2"):
            answer = self._answer(f"{self._step.key}/{key}/{attempt}", messages, schema)
            try:
                return gives.model_validate_json(_json_in(answer))
            except ValidationError as error:
                wrong = MEND.format(error=str(error)[:1_000])
                messages += [ChatMessage("assistant", answer), ChatMessage("user", wrong)]
        return None

    def tools(self) -> Sequence[str]:
        return sorted(self._turn.tools.held)

    def use(self, key: str, tool: str, **arguments: Any) -> Mapping[str, Any]:
        call_id = f"{self._step.key}/{key}"
        done = self._run.events.filter(kind=RunEvent.Kind.TOOL, payload__call_id=call_id).first()
        if done is not None:
            return cast("Mapping[str, Any]", orjson.loads(done.payload["result"]))
        self._turn.claim.ensure_held()
        call = ToolCall(call_id, tool, orjson.dumps(arguments).decode())
        try:
            return cast("Mapping[str, Any]", orjson.loads(self._turn.tools.use(call, is_patient=True)))
        except InDoubt as doubt:
            raise InDoubt(tool) from doubt

    def _answer(self, place: str, messages: Sequence[ChatMessage], schema: dict[str, Any]) -> str:
        """Return what the model answers, or did before."""
        done = self._run.events.filter(kind=RunEvent.Kind.MODEL, payload__place=place).first()
        if done is not None:
            return str(done.payload["text"])
        self._turn.claim.ensure_held()
        caps.check(self._run, self._turn.places)
        about = {"place": place}
        wanted = Wanted(place, tuple(messages), schema=schema, about=about, is_shown=False)
        return self._turn.asking.ask(wanted)[0].text

    def _hold(self, brings: Collection[str]) -> None:
        """Note what the run has read from now on, as a tool's result does: it decides what is asked first."""
        if set(brings) <= set(self._run.holds):
            return
        self._run.holds = sorted({*self._run.holds, *brings})
        with engine.checkpoint(self._turn.claim, is_progress=False):
            Run.objects.filter(pk=self._run.pk).update(holds=self._run.holds)

    def _instructions(self) -> list[ChatMessage]:
        told = "\n\n".join(filter(None, [self._run.instructions, *self._turn.additions]))
        return [ChatMessage("system", told)] if told else []

    def _day(self, run: Run) -> date:
        """Return the day on which a run was asked for, as who asked for this one counts them."""
        person = self._run.started_by
        return timezone.localdate(run.created_at, ZoneInfo(person.time_zone if person else "UTC"))

    def _read(self, variable: str, reader: Callable[[Path, str], R]) -> R:
        """Read a file in a child; the run holds from now on what others wrote."""
        file = self._file(variable)
        self._hold(MIXED)
        try:
            return reader(Path(file.file.path), file.kind)
        except UnreadableDocument as error:
            raise StepFailed(f"{file.name}: {error.sentence}") from error

    def _file(self, variable: str) -> FormFile:
        name, _slash, number = variable.partition("/")
        keys = [key for key in self.values.get(name, "").split(",") if key]
        key = keys[int(number or 0)] if keys else ""
        file = self._run.files.filter(pk=key).first() if key else None
        if file is None:
            raise StepFailed(_("There is no file to read."))
        return file


def _json_in(text: str) -> str:
    """Return the JSON of an answer: without a fence around it, or words before and after."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text
