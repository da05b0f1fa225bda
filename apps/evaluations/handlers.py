"""What agents tell evaluations: a run ended, somebody is about to change one or to publish a draft, one is another by now."""

from typing import Any

from apps.agents.events import agent_changing, draft_publishing, run_settled, version_kept
from apps.agents.models import Agent, Run
from apps.evaluations import evaluating
from apps.evaluations.services import experiments, guarding


def connect() -> None:
    """Bind the receivers; called once at start."""
    run_settled.connect(follow_run)
    agent_changing.connect(look_at_change)
    draft_publishing.connect(look_at_draft)
    version_kept.connect(end_experiment)


def follow_run(sender: Any, *, run: Run, **kwargs: Any) -> None:
    if run.is_trial:
        evaluating.follow(run)


def look_at_change(sender: Any, *, agent: Agent, **kwargs: Any) -> None:
    guarding.require_draft(agent)


def look_at_draft(sender: Any, *, agent: Agent, draft: Agent, **kwargs: Any) -> None:
    guarding.require_no_regression(agent, draft)


def end_experiment(sender: Any, *, agent: Agent, **kwargs: Any) -> None:
    experiments.end_since_changed(agent)
