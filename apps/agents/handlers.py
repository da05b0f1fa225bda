"""A new tenant gets its first agent, over its first collection; who loses their rights loses their runs."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from apps.accounts.events import rights_changed
from apps.accounts.grants import USE
from apps.accounts.models import User
from apps.agents.events import run_settled
from apps.agents.models import Agent, Run
from apps.agents.records import told
from apps.agents.services.health import FAILED, alert_if_failing
from apps.agents.stream import announce_rights
from apps.agents.types import RUN
from apps.core.tenancy import bound
from apps.integrations.models import Webhook
from apps.integrations.publishing import publish
from apps.jobs import services as jobs
from apps.knowledge.models import KnowledgeBase
from apps.projects.registry import Assignable
from apps.prompts.models import Prompt
from apps.prompts.types import Use
from apps.tenants.events import option_changing, tenant_provisioned
from apps.tenants.options import STAND_STILL, Option

AGENTS_OF_PROJECTS = Assignable(
    key="agents",
    model=Agent,
    words=gettext_lazy("Agents"),
    none=gettext_lazy("No agent works here"),
    icon="blocks",
    address=lambda project, agent: f"{reverse('conversation-new')}?agent={agent.pk}&project={project.pk}",
    opens_at=USE,
)


def connect() -> None:
    """Bind the receivers; called once at start."""
    tenant_provisioned.connect(add_first_agent)
    rights_changed.connect(follow_rights)
    option_changing.connect(stand_still)
    run_settled.connect(notice_failing)
    run_settled.connect(tell_webhooks)


def tell_webhooks(sender: Any, *, run: Run, **kwargs: Any) -> None:
    """Tell webhooks that a run came to its end; runs that other runs asked for, and trials, are not told."""
    if run.parent_id is None and not run.is_trial:
        publish(Webhook.Event.RUN_FINISHED, f"run:{run.pk}", lambda: told(run))


def notice_failing(sender: Any, *, run: Run, **kwargs: Any) -> None:
    """Tell those who look after security when an agent fails more often than its organisation bears."""
    if run.state in FAILED and not run.is_trial:
        alert_if_failing(run.agent)


def stand_still(sender: Any, *, option: Option, value: Any, **kwargs: Any) -> None:
    """Stop everything that agents work on when their organisation says so."""
    if option is STAND_STILL and value:
        jobs.cancel_all(kind=RUN)


def follow_rights(sender: Any, *, user: User, **kwargs: Any) -> None:
    """Tell open pages; stop the work of somebody who may use agents no more."""
    fresh = User.objects.get(pk=user.pk)
    if not fresh.has_perm("agents.use_agent"):
        for run in Run.objects.active().filter(started_by=fresh):
            jobs.cancel(object_id=run.pk, kind=RUN)
    transaction.on_commit(bound(lambda: announce_rights(fresh.pk)))


def agents_with(prompt: Prompt) -> list[Use]:
    """Name the agents that are told a prompt, or have it as their form."""
    told, asking = Agent.objects.filter(prompt=prompt), Agent.objects.filter(form=prompt)
    uses = [Use(a.name, _page(a), a.prompt_label, a.prompt_version_id, a.prompt_values) for a in told]
    return uses + [Use(agent.name, _page(agent), agent.form_label, None, None) for agent in asking]


def _page(agent: Agent) -> str:
    return reverse("agent-behaviour", args=[agent.pk])


def add_first_agent(sender: Any, **kwargs: Any) -> None:
    agent, is_new = Agent.objects.get_or_create(
        name="Handbook guide",
        draft_of=None,
        defaults={
            "description": "Answers questions from your documents and shows where it says so.",
            "icon": "book-open",
            "instructions": "You answer questions of staff from the organisation's documents. Be brief and exact.",
            "starters": [
                "How many days of annual leave do I get?",
                "What do I do when I am sick?",
                "Which travel expenses are paid back?",
            ],
        },
    )
    if is_new:
        agent.knowledge_bases.add(*KnowledgeBase.objects.all())
