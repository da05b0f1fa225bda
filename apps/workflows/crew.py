"""Agents and groups as workflows see them: whom a person could have work there, what each asks for and what it gives."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from apps.agents import composing
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import Agent
from apps.prompts.types import Variable
from apps.workflows.flows.checking import Problem, Worker, problems_of
from apps.workflows.flows.shapes import TEXT, Shape, shape_of
from apps.workflows.flows.steps import AgentStep, Flow, PersonStep, every_step
from apps.workflows.types import QUESTION


def workers_of(flow: Flow, person: Any) -> Mapping[UUID, Worker]:
    """Return the agents that a workflow has work, those that the person may not ask left out."""
    keys = {step.agent for step, _depth in every_step(flow.steps) if isinstance(step, AgentStep)}
    found = Agent.objects.usable_by(person).filter(pk__in=keys).select_related("form")
    return {agent.pk: worker_of(agent) for agent in found}


def worker_of(agent: Agent) -> Worker:
    """Return an agent as workflows see it."""
    form = composing.form_of(agent)
    question = [Variable(QUESTION, "long_text", label=_("Question"))]
    blueprint = blueprint_named(agent.blueprint) if agent.blueprint else None
    fields = shape_of(blueprint.gives).fields if blueprint is not None else {}
    asks = list(form.variables) if form is not None else question
    return Worker(agent.name, asks, Shape("object", {**fields, "answer": TEXT}))


def problems_for(flow: Flow, person: Any) -> list[Problem]:
    """Return what keeps a workflow from being started by a person."""
    wanted = {step.group for step, _depth in every_step(flow.steps) if isinstance(step, PersonStep)} - {0}
    return problems_of(flow, workers_of(flow, person), known_groups(wanted))


def known_groups(keys: Iterable[int]) -> set[int]:
    """Return which of these groups there are."""
    return set(Group.objects.filter(pk__in=list(keys)).values_list("pk", flat=True))
