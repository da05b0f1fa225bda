"""How an agent answers: its prompt or instructions, personality, sets of rules and model."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import Agent
from apps.agents.services import versions
from apps.audit.services.trail import record
from apps.core.errors import Forbidden, InvalidInput
from apps.core.permissions import require
from apps.prompts.models import PromptLabel, PromptVersion
from apps.prompts.templating import checked_values

FIELDS = (
    *("instructions", "model", "prompt", "prompt_label", "prompt_version", "prompt_values", "personality"),
    *("form", "form_label"),
)
MAX_INSTRUCTIONS = 40_000


@transaction.atomic
def set_behaviour(*, actor: Any, agent: Agent, values: Mapping[str, Any]) -> Agent:
    """Change how an agent answers, from its next run on.

    Raises Forbidden, InvalidInput with the field (`values.<name>` for a variable of the prompt).
    """
    require_change(actor, agent)
    if values.get("prompt") not in (None, agent.prompt) or values.get("form") not in (None, agent.form):
        require(actor, "prompts.view_prompt")
    before = _told(agent)
    with versions.keeping(actor, agent):
        for field in FIELDS:
            if field in values:
                setattr(agent, field, values[field])
        check_behaviour(agent)
        agent.save()
        if "rule_sets" in values:
            agent.rule_sets.set(values["rule_sets"])
    record(actions.AGENT_BEHAVIOUR_CHANGED, actor=actor, target=agent, before=before, after=_told(agent))
    return agent


def require_change(actor: Any, agent: Agent) -> None:
    """Raise Forbidden unless the actor may change the agent."""
    if not Agent.objects.changeable_by(actor).filter(pk=agent.pk).exists():
        raise Forbidden(_("Only those who may change this agent say how it answers."))


def check_behaviour(agent: Agent) -> None:
    """Put what an agent says of itself in order. Raises InvalidInput with the field."""
    agent.instructions = agent.instructions.replace("\0", "").strip()
    if len(agent.instructions) > MAX_INSTRUCTIONS:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": MAX_INSTRUCTIONS}, field="instructions")
    _check_prompt(agent)
    _check_form(agent)


def _check_prompt(agent: Agent) -> None:
    if agent.prompt is None:
        agent.prompt_label, agent.prompt_version, agent.prompt_values = "", None, {}
        return
    if agent.prompt_version is not None:
        agent.prompt_label = ""
        version = agent.prompt_version
        if version.prompt_id != agent.prompt_id:
            raise InvalidInput(_("This version belongs to another prompt."), field="prompt_version")
    else:
        version = _labelled(agent)
    values = {name: value for name, value in agent.prompt_values.items() if value not in (None, "")}
    checked_values(version.variables, values)
    known = {variable.name for variable in version.variables}
    agent.prompt_values = {name: str(value) for name, value in values.items() if name in known}


def _check_form(agent: Agent) -> None:
    if agent.form is None:
        agent.form_label = ""
    elif not agent.form.labels.filter(name=agent.form_label).exists():
        raise InvalidInput(_("Choose a label of the form."), field="form_label")


def _labelled(agent: Agent) -> PromptVersion:
    label = PromptLabel.objects.filter(prompt=agent.prompt, name=agent.prompt_label).select_related("version").first()
    if label is None:
        raise InvalidInput(_("Choose a label or a version of the prompt."), field="prompt_label")
    return label.version


def _told(agent: Agent) -> dict[str, Any]:
    told = {field: _words(getattr(agent, field)) for field in FIELDS}
    return told | {"rule_sets": sorted(rules.name for rules in agent.rule_sets.all())}


def _words(value: Any) -> Any:
    return value if value is None or isinstance(value, dict) else str(value)
