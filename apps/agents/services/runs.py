"""What can be asked of agents: start a run, stop it, run it again; settings of one agent."""

from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import may_manage
from apps.agents import actions, composing, veils
from apps.agents.exposure import arm_for
from apps.agents.models import Agent, Run
from apps.agents.records import as_entry, open_run, option_places, title_of
from apps.agents.services.personalities import checked_words
from apps.agents.types import RUN, FilledForm
from apps.audit.services.trail import record
from apps.core.caller import current_caller
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.limits import Limit, spend
from apps.core.personal import find
from apps.jobs import services as jobs
from apps.projects.models import Project
from apps.projects.services import require_contributor
from apps.providers.types import ChatMessage
from apps.tenants.models import OptionValue
from apps.tenants.options import CHAT_LIMIT, PERSONAL, Option
from apps.tenants.resolver import resolve
from apps.tenants.services import set_option_of
from apps.usage.services import ledger

MAX_KEY_CHARS = 100


@transaction.atomic
def start_run(
    *,
    actor: Any,
    agent: Agent,
    question: str,
    history: Sequence[ChatMessage] = (),
    form: FilledForm | None = None,
    project: Project | None = None,
    tools: Sequence[str] | None = None,
    holds: Collection[str] = (),
    is_trial: bool = False,
    handed: dict[str, Any] | None = None,
    added: str = "",
    idempotency_key: str = "",
) -> Run:
    """Store a run, of a project or of none, and its job; `form` is what the question was filled in with.

    `tools` narrows those of the agent to these keys, `holds` says what the history has brought in, `is_trial` that it was asked from
    where the agent is made (see Run). `handed` is what the asking program does itself (see Run), `added` what the model is told after the agent's own.

    Raises Forbidden, InvalidInput for an empty or too long question, Conflict for an agent whose prompt cannot be filled in
    or that is not in the project and for an idempotency key that is in use, TooManyRequests (BudgetSpent among them), Unavailable.
    """
    if not Agent.objects.askable_by(actor).filter(pk=agent.pk).exists():
        raise Forbidden(_("You may not ask this agent (any more)."))
    if project is not None:
        require_place(actor, project, agent)
    _spend(actor, agent, project)
    ledger.require_room(actor, agent.published_id, project.pk if project else None)
    question = checked_question(question)
    refuse_details(agent, question, "text")
    arm, variant = (Run.Arm.NONE, None) if is_trial else arm_for(agent, actor)
    acting = variant or agent
    told = [composing.told(composing.sections_of(acting, actor)), added]
    caller = current_caller()
    run = open_run(
        agent=agent,
        arm=arm,
        variant=variant,
        started_by=actor,
        project=project,
        question=question,
        title=title_of(_name_of(form) if form else question),
        form_version=form.form.version if form else None,
        blueprint=form.form.blueprint if form else "",
        inputs=form.values if form else {},
        history=[as_entry(message) for message in history],
        handed=handed,
        instructions="\n\n".join(filter(None, told)),
        prompt_version=composing.version_of(acting),
        allowed_tools=None if tools is None else checked_words(tools, "tools", most=50, most_chars=80),
        holds=sorted(holds),
        is_trial=is_trial or agent.draft_of_id is not None,
        idempotency_key=idempotency_key[:MAX_KEY_CHARS],
        asked_from=caller.address or None,
        asked_with_second_factor=caller.has_second_factor,
    )
    run.files.set(form.files if form else ())
    return run


def require_place(actor: Any, project: Project, agent: Agent) -> None:
    """Raise Conflict unless an agent works in a project that is not archived, Forbidden unless the actor does."""
    require_contributor(actor, project)
    if not agent.projects.filter(pk=project.pk).exists():
        words = _("“%(agent)s” does not work in the project “%(project)s” (any more).")
        raise Conflict(words % {"agent": agent.name, "project": project.name})


def _spend(actor: Any, agent: Agent, project: Project | None) -> None:
    """Count a message of somebody: by the organisation's limit, and by those of the agent and the project. Raises TooManyRequests."""
    spend(Limit("chat", resolve(CHAT_LIMIT).value, 60), str(actor.pk))
    for level, object_id in option_places(agent.published_id, project.pk if project else None):
        own = resolve(CHAT_LIMIT, [(level, object_id)])
        if own.origin == level:
            spend(Limit(f"chat-{level.value}", own.value, 60), f"{actor.pk}:{object_id}")


def set_agent_option(*, actor: Any, agent: Agent, option: Option, value: Any) -> None:
    """Set an option for one agent; None takes it back to the organisation's. Raises Forbidden, InvalidInput."""
    require_settings(actor, agent)
    set_option_of(actor=actor, option=option, value=value, level=OptionValue.Level.AGENT, target=agent)


def require_settings(actor: Any, agent: Agent) -> None:
    """Raise Forbidden unless the actor manages the agent."""
    if not may_manage(actor, agent):
        raise Forbidden(_("Only those who manage this agent change its settings."))


def checked_question(question: str) -> str:
    """Return the question without NUL and outer space. Raises InvalidInput."""
    question = question.replace("\0", "").strip()
    if not question:
        raise InvalidInput(_("Write a message first."), field="text")
    if len(question) > settings.MAX_MESSAGE_CHARS:
        limit = settings.MAX_MESSAGE_CHARS
        raise InvalidInput(
            _("The message is too long: at most %(limit)d characters. Upload long text as a document.")
            % {"limit": limit},
            field="text",
            code="too_long",
        )
    return question


def refuse_details(agent: Agent, question: str, field: str) -> None:
    """Raise InvalidInput for a question that holds personal details, where the agent's organisation refuses those."""
    if resolve(PERSONAL, option_places(agent.published_id, None)).value != "refuse":
        return
    kinds = list(dict.fromkeys(veils.NAMES[found.kind] for found in find(question, veils.all_regions())))
    if kinds:
        words = _("This holds personal details, which this agent does not take: %(kinds)s. Ask without them.")
        message = words % {"kinds": ", ".join(str(kind) for kind in kinds)}
        raise InvalidInput(message, field=field, code="personal_details")


def _name_of(form: FilledForm) -> str:
    """Name a filled form by its name and the first thing that was written, or the first file."""
    if form.files:
        return f"{form.form.name}: {form.files[0].name}"
    return ": ".join([form.form.name, *[value for value in form.values.values() if value][:1]])


@transaction.atomic
def cancel_run(*, actor: Any, run: Run) -> None:
    """Ask for the end of a run; what it wrote is kept. Raises Conflict when it has ended."""
    if not jobs.cancel(object_id=run.pk, kind=RUN):
        raise Conflict(_("This run has ended already."))
    record(actions.RUN_CANCELLED, actor=actor, target=run)


@transaction.atomic
def run_again(*, actor: Any, run: Run) -> None:
    """Take an ended, unfinished run up from its last finished step. Raises Conflict when it is active or done."""
    if run.state == Run.State.SUCCEEDED:
        raise Conflict(_("This run is done. Ask again to get a new answer."))
    jobs.revive(actor=actor, object_id=run.pk, kind=RUN)
    Run.objects.filter(pk=run.pk).update(state=Run.State.QUEUED, error="", error_code="", finished_at=None)
