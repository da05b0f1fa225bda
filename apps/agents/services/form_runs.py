"""Runs that begin with a form: what people fill in becomes the question. What such a run is expected to cost is told before it begins."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.agents import composing
from apps.agents.models import Agent, Run
from apps.agents.records import option_places
from apps.agents.registry import tools_of
from apps.agents.services.runs import start_run
from apps.agents.types import AskedForm, Forecast
from apps.core.errors import Conflict, DomainError, NotFound
from apps.core.language import token_estimate
from apps.projects.models import Project
from apps.prompts.templating import given_values, render
from apps.providers.registry import default_model
from apps.providers.types import Usage
from apps.tenants.options import ANSWER_TOKENS
from apps.tenants.resolver import resolve
from apps.usage.prices import rate_of
from apps.usage.services import ledger

FORMER_RUNS, ENOUGH_RUNS = 20, 3
GUESSED_OUTPUT, SEARCHED_INPUT = 400, 1_600  # tokens: an answer of half a page; the passages of one search


def form_for(agent: Agent) -> AskedForm:
    """Return what people fill in for an agent. Raises NotFound for one that has no form (any more)."""
    form = composing.form_of(agent)
    if form is None:
        raise NotFound(_("This agent has no form."))
    return form


def start_form_run(
    *,
    actor: Any,
    agent: Agent,
    given: Mapping[str, Any],
    project: Project | None = None,
    holds: Collection[str] = (),
    idempotency_key: str = "",
) -> Run:
    """Start a run with what was filled in; the same idempotency key gives the same run, `holds` says what the values brought in.

    Raises NotFound for an agent without a form, InvalidInput at `values.<name>`, Conflict for a key that was used for something
    else, and what start_run() raises.
    """
    form = composing.fill_in(form_for(agent), given, actor)
    known = Run.objects.filter(started_by=actor, idempotency_key=idempotency_key).first() if idempotency_key else None
    if known is not None and (known.agent_id, known.inputs) != (agent.pk, form.values):
        raise Conflict(_("This idempotency key was used for something else."), code="idempotency_key_reused")
    if known is not None:
        return known
    return start_run(
        actor=actor,
        agent=agent,
        question=form.question,
        form=form,
        project=project,
        holds=holds,
        idempotency_key=idempotency_key,
    )


def forecast(*, actor: Any, agent: Agent, given: Mapping[str, Any], project: Project | None = None) -> Forecast:
    """Say what a run with what is filled in so far is expected to come to. Raises NotFound for an agent without a form."""
    form = form_for(agent)
    texts = {variable.name: variable.default for variable in form.variables}
    texts |= {name: str(value) for name, value in given.items() if value not in (None, "")}
    question = render(form.text, texts | given_values(actor))
    usage, runs = _from_former_runs(agent, question)
    if not runs:
        usage = _from_sizes(actor, agent, question, project)
    model = agent.model or default_model()
    rate = rate_of(model)
    cost = rate.cost_of(usage)
    short = ledger.short_of(actor, agent.published_id, project.pk if project else None, cost, usage)
    name = short.budget.name if short else ""
    return Forecast(model.name, usage.input_tokens, usage.output_tokens, cost, rate.origin, runs, name)


def _from_former_runs(agent: Agent, question: str) -> tuple[Usage, int]:
    """Return the mean of the last runs of the form, with this question's length; 0 runs when there are too few."""
    done = Run.objects.with_form_of(agent).filter(state=Run.State.SUCCEEDED)
    former = done.order_by("-created_at").values_list("input_tokens", "output_tokens", "question")[:FORMER_RUNS]
    count = len(former)
    if count < ENOUGH_RUNS:
        return Usage(), 0
    read = sum(each[0] - token_estimate(each[2]) for each in former) / count + token_estimate(question)
    return Usage(max(0, round(read)), round(sum(each[1] for each in former) / count)), count


def _from_sizes(actor: Any, agent: Agent, question: str, project: Project | None) -> Usage:
    """Reckon with one call, or with two and the passages of a search for an agent that has something to search."""
    tools = [held.tool for held in tools_of(agent, project)]
    read = token_estimate(_told(agent, actor)) + token_estimate(question)
    read += sum(token_estimate(f"{tool.spec.description} {tool.spec.parameters}") for tool in tools)
    most = resolve(ANSWER_TOKENS, option_places(agent.published_id, project.pk if project else None)).value
    return Usage(2 * read + SEARCHED_INPUT if tools else read, min(GUESSED_OUTPUT, most))


def _told(agent: Agent, actor: Any) -> str:
    """Return the instructions; nothing for an agent whose prompt cannot be filled in: starting says so."""
    try:
        return composing.told(composing.sections_of(agent, actor))
    except DomainError:
        return ""
