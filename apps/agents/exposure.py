"""Which people a draft answers in an experiment: the same ones each time, whoever asks first."""

import hashlib
from typing import Any

from apps.agents.models import Agent, Run


def arm_for(agent: Agent, person: Any) -> tuple[Run.Arm, Agent | None]:
    """Return what answers somebody, and the draft that does it; no arm without an experiment."""
    draft = Agent.objects.filter(draft_of=agent, answers_percent__gt=0).first()
    if draft is None:
        return Run.Arm.NONE, None
    if place_of(draft, person) < draft.answers_percent:
        return Run.Arm.CHALLENGER, draft
    return Run.Arm.CONTROL, None


def place_of(draft: Agent, person: Any) -> float:
    """Return where somebody stands among all people for a draft: evenly from 0 to below 100, and always at the same place."""
    digest = hashlib.sha256(f"{draft.pk}:{person.pk}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 * 100
