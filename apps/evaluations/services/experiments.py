"""Experiments: begun with an agent's draft, ended by hand or by what happens to the agent."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.agents.services.drafts import expose_draft
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.evaluations import actions, experimenting
from apps.evaluations.evaluating import content_of
from apps.evaluations.models import Experiment
from apps.evaluations.models.experiments import LEAST_ENOUGH, MOST_ENOUGH
from apps.evaluations.types import EXPERIMENT
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS

USUAL = {"goal": Experiment.Goal.RATING, "percent": 50, "enough": 200, "days": 14}
MOST_DAYS = 90
LIMITS = {"percent": (1, 99), "enough": (LEAST_ENOUGH, MOST_ENOUGH), "days": (1, MOST_DAYS)}


@transaction.atomic
def start_experiment(*, actor: Any, agent: Agent, values: Mapping[str, Any]) -> Experiment:
    """Have the agent's draft answer some of the people who ask it, until it is known whether it is better.

    `values`: name, goal, percent (of the people), enough (answers on each side), days (at most). Raises Forbidden, InvalidInput with the
    field, Conflict without a draft, for an agent with an experiment, and when a guard keeps the draft from people.
    """
    require_change(actor, agent)
    about = {**USUAL, **values}
    _check(about)
    Agent.objects.select_for_update().get(pk=agent.pk)
    if agent.experiments.filter(state=Experiment.State.RUNNING).exists():
        raise Conflict(_("There is an experiment already. End it first."), code="in_experiment")
    draft = expose_draft(actor=actor, agent=agent, percent=about["percent"])
    row = Experiment.objects.create(
        agent=agent,
        name=one_line(about.get("name", ""), 80) or str(agent),
        goal=about["goal"],
        percent=about["percent"],
        enough=about["enough"],
        until=timezone.now() + timedelta(days=about["days"]),
        content=content_of(draft),
        control=agent.versions.first(),
        started_by=actor,
    )
    after = {name: about[name] for name in ("percent", "enough", "days")} | {"goal": str(about["goal"])}
    record(actions.EXPERIMENT_STARTED, actor=actor, target=row, after=after)
    jobs.enqueue(kind=EXPERIMENT, queue=AGENTS, object_id=row.pk, dedupe_key=str(row.pk))
    return row


def _check(values: Mapping[str, Any]) -> None:
    if values["goal"] not in Experiment.Goal.values:
        words = _("Choose one of %(names)s.")
        raise InvalidInput(words % {"names": ", ".join(Experiment.Goal.values)}, field="goal")
    for field, (least, most) in LIMITS.items():
        if not least <= values[field] <= most:
            raise InvalidInput(_("Between %(least)d and %(most)d.") % {"least": least, "most": most}, field=field)


@transaction.atomic
def end_experiment(*, actor: Any, experiment: Experiment) -> None:
    """End an experiment by hand; the draft stays as it is, to be published or thrown away. Raises Forbidden, Conflict for one that has ended."""
    require_change(actor, experiment.agent)
    jobs.cancel(object_id=experiment.pk, kind=EXPERIMENT)  # jobs first, as workers lock them
    if not experimenting.end(experiment, Experiment.Verdict.STOPPED, actor=actor):
        raise Conflict(_("It has ended already."))


def end_since_changed(agent: Agent) -> None:
    """End the experiment of an agent that is another one by now; part of the transaction that changes it."""
    for row in Experiment.objects.filter(agent=agent, state=Experiment.State.RUNNING):
        jobs.cancel(object_id=row.pk, kind=EXPERIMENT)
        experimenting.end(row, Experiment.Verdict.CHANGED)
