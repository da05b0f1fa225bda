"""Workflows that one can begin with: made of agents from blueprints, which are made where they are missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import Agent
from apps.agents.services import studio
from apps.agents.services.rule_sets import free_name
from apps.core.errors import InvalidInput
from apps.knowledge.models import KnowledgeBase
from apps.workflows.flows.steps import (
    AgentStep,
    BranchStep,
    Condition,
    Flow,
    Input,
    ParallelStep,
    PersonStep,
)


@dataclass(frozen=True)
class Pattern:
    """A workflow to begin with: `needs` are the blueprints whose agents work in it, which `flow` gets by those."""

    key: str
    title: Any
    summary: Any
    icon: str
    needs: tuple[str, ...]
    flow: Callable[[Mapping[str, UUID]], Flow]


def _tender(agents: Mapping[str, UUID]) -> Flow:
    """Answer a tender: read it, hold it against the documents and reckon at the same time; decide; write the proposal."""
    tender, work = "{{ tender }}", {"work": "{{ work }}", "rates": "{{ rates }}", "currency": "EUR"}
    decision = _(
        "**{{ analyse.requirements.count }}** requirements in {{ analyse.document }}; the price comes to **{{ costs.price.total.value }} {{ costs.work.currency }}**. What we meet of them stands in the step “What we meet”."
    )
    write = {
        "tender": tender,
        "client": "{{ client }}",
        "solution": "{{ design.outline }}",
        "price": "{{ costs.price.total.value }} {{ costs.work.currency }}",
    }
    go, stop = _("Write the proposal"), _("Do not bid")
    return Flow(
        inputs=(
            Input(name="tender", kind="file", label=_("Tender")),
            Input(name="work", kind="file", label=_("Work breakdown"), help=_("CSV or Excel with a row for each task.")),
            Input(name="rates", kind="file", label=_("Rates"), is_required=False),
            Input(name="client", label=_("Who asks for offers"), is_required=False),
        ),
        steps=(
            ParallelStep(
                name="look",
                title=_("Look at it"),
                lanes=(
                    (AgentStep(name="analyse", title=_("Requirements"), agent=agents["rfp_analyser"], values={"tender": tender}),),
                    (AgentStep(name="check", title=_("What we meet"), agent=agents["rfp_compliance"], values={"tender": tender}),),
                    (AgentStep(name="design", title=_("Solution"), agent=agents["rfp_architect"], values={"tender": tender}),),
                    (AgentStep(name="costs", title=_("What it costs"), agent=agents["rfp_costs"], values=work),),
                ),
            ),
            PersonStep(name="decide", title=_("Do we bid?"), text=decision, choices=(go, stop)),
            BranchStep(
                name="either",
                title=_("Bid or not"),
                condition=Condition(place="decide.choice", value=go),
                lanes=((AgentStep(name="write", title=_("Proposal"), agent=agents["rfp_proposal"], values=write),), ()),
            ),
        ),
    )  # fmt: skip


PATTERNS = {
    pattern.key: pattern
    for pattern in (
        Pattern(
            "tender",
            gettext_lazy("Answer a tender"),
            gettext_lazy("Reads it, holds it against your documents, outlines the solution, reckons the price, asks whether to bid, and writes the proposal."),
            "scale",
            ("rfp_analyser", "rfp_architect", "rfp_compliance", "rfp_costs", "rfp_proposal"),
            _tender,
        ),
    )
}  # fmt: skip


def flow_from(*, actor: Any, pattern: Pattern) -> Flow:
    """Return the steps of a pattern, with an agent of each blueprint that the actor may ask; those that are missing are made.

    Raises InvalidInput where one is missing and the actor may not make agents. Part of a transaction.
    """
    return pattern.flow({key: _agent(actor, key).pk for key in pattern.needs})


def _agent(actor: Any, key: str) -> Agent:
    found = Agent.objects.usable_by(actor).filter(blueprint=key).order_by("created_at").first()
    if found is not None:
        return found
    blueprint = blueprint_named(key)
    if blueprint is None or not actor.has_perm(studio.ADD):
        words = _("There is no agent made from “%(blueprint)s”. Ask somebody who makes agents.")
        raise InvalidInput(words % {"blueprint": blueprint.title if blueprint else key}, field="pattern")
    name = str(blueprint.title)
    values = {
        "name": free_name(Agent, name) if Agent.objects.filter(name=name).exists() else name,
        "description": str(blueprint.summary)[:200],
        "icon": blueprint.icon,
        "knowledge_bases": list(KnowledgeBase.objects.visible_to(actor)),
    }
    return studio.save_agent(actor=actor, values=values, blueprint=blueprint)
