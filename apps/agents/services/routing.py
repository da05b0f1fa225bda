"""Which agent a question goes to when nobody chose one: the one whose words about itself are nearest to it, and those words as the reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.models import Agent
from apps.core.caches import MEMORY, REDIS, Level, ReadThrough
from apps.projects.models import Project
from apps.providers.registry import embedding_port

MOST_AGENTS = 200
NEAR_ENOUGH = 0.3
"""Cosine below which no agent's words say anything about a question."""
Scorer = Callable[[Agent, list[str]], Any]
PROFILES = ReadThrough(
    "agent_profiles", words=gettext_lazy("What agents are for"), levels=(Level(MEMORY, 3_600), Level(REDIS, 86_400))
)


@dataclass(frozen=True)
class Choice:
    """The agent for a question. `why` is a sentence for people, "" where nothing spoke for it; `score` is 0 to 1."""

    agent: Agent
    why: str
    score: float


def ranked(*, actor: Any, text: str, project: Project | None = None) -> list[Choice]:
    """Return the agents that a person may ask (in a project, those that work there), the best for the question first."""
    usable = Agent.objects.usable_by(actor).filter(blueprint="").order_by("name")
    agents = list((usable.filter(projects=project) if project else usable)[:MOST_AGENTS])
    score = _scorer(text)
    choices = [_judged(agent, score) for agent in agents]
    return sorted(choices, key=lambda choice: -choice.score)  # stable: of equal ones the first by name


def best_agent(*, actor: Any, text: str, project: Project | None = None) -> Choice | None:
    """Return the agent for a question, the first by name where nothing speaks for any; None when there is nobody to ask."""
    found = ranked(actor=actor, text=text, project=project)
    if found and not found[0].why:
        return min(found, key=lambda choice: choice.agent.name)
    return found[0] if found else None


def _judged(agent: Agent, score: Scorer) -> Choice:
    lines = _profile(agent)
    found = score(agent, [line for line, _why in lines])
    best = int(np.argmax(found))
    nearest = float(found[best])
    return Choice(agent, lines[best][1] if nearest >= NEAR_ENOUGH else "", max(0.0, min(1.0, nearest)))


def _profile(agent: Agent) -> list[tuple[str, str]]:
    """Return what an agent says of itself, each line with the reason that it gives."""
    about = f"{agent.name}. {agent.description}".strip()
    lines = [(about, agent.description or _("its name says so"))]
    return lines + [(each, _("it is asked things like “%(question)s”") % {"question": each}) for each in agent.starters]


def _scorer(text: str) -> Scorer:
    """Return what compares a question with an agent's lines: by meaning, or by the words that both have where there is no model."""
    port = embedding_port()
    if port is None:
        asked = _words(text)
        return lambda agent, lines: np.asarray([len(asked & _words(line)) / (len(_words(line)) or 1) for line in lines])
    question = np.asarray(port.embed([text[:2_000]]))[0]

    def near(agent: Agent, lines: list[str]) -> Any:
        key = f"{agent.pk}:{agent.updated_at.timestamp()}"
        return np.asarray(PROFILES.get(key, lambda: np.asarray(port.embed(lines)).tolist())) @ question

    return near


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}
