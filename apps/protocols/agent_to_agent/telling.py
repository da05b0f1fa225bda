"""Runs and agents in the words of the Agent2Agent protocol."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentProvider,
    AgentSkill,
    Artifact,
    HTTPAuthSecurityScheme,
    Message,
    Part,
    Role,
    SecurityRequirement,
    SecurityScheme,
    StringList,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from django.utils.translation import gettext as _
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value

from apps.agents.models import Agent, Run
from apps.protocols.offered import citations_of

STATES = {
    Run.State.QUEUED: TaskState.TASK_STATE_SUBMITTED,
    Run.State.RUNNING: TaskState.TASK_STATE_WORKING,
    Run.State.WAITING: TaskState.TASK_STATE_WORKING,  # on a person or a provider here, not on whoever asked
    Run.State.SUCCEEDED: TaskState.TASK_STATE_COMPLETED,
    Run.State.CANCELLED: TaskState.TASK_STATE_CANCELED,
}
"""All other ends are TASK_STATE_FAILED, but for what a rule held back."""
VERSIONS = ("1.0", "0.3")
ANSWER = "answer"
TEXT, DATA = "text/markdown", "application/json"


def state_of(run: Run) -> TaskState:
    """Return the protocol's state of a run."""
    if run.error_code == "rule_blocked":
        return TaskState.TASK_STATE_REJECTED
    return STATES.get(Run.State(run.state), TaskState.TASK_STATE_FAILED)


def states_behind(state: TaskState) -> list[str] | None:
    """Return the states of runs that the protocol calls so; None for no state, which is all of them."""
    if state == TaskState.TASK_STATE_UNSPECIFIED:
        return None
    failed = [each.value for each in Run.State if each not in STATES]
    if state in (TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_REJECTED):
        return failed
    return [each.value for each, told in STATES.items() if told == state]


def status_of(run: Run) -> TaskStatus:
    """Return how a run stands, with a sentence where it failed."""
    said = run.error or (str(run.get_state_display()) if run.state == Run.State.WAITING else "")
    message = Message(message_id=f"{run.pk}-status", role=Role.ROLE_AGENT, parts=[Part(text=said)]) if said else None
    return TaskStatus(
        state=state_of(run), message=message, timestamp=run.finished_at or run.started_at or run.created_at
    )


def task_of(run: Run, context: str, *, history: bool = True, artifacts: bool = True) -> Task:
    """Return a run as a task: how it stands, the question, the answer with what it cites."""
    asked = Message(
        message_id=f"{run.pk}-question",
        task_id=str(run.pk),
        context_id=context,
        role=Role.ROLE_USER,
        parts=[Part(text=run.question, media_type=TEXT)],
    )
    return Task(
        id=str(run.pk),
        context_id=context,
        status=status_of(run),
        history=[asked] if history else [],
        artifacts=[answer_of(run)] if artifacts and run.answer else [],
    )


def answer_of(run: Run) -> Artifact:
    """Return a run's answer: its text, and the passages that it cites as data."""
    cited = ParseDict({"citations": _plain(citations_of(run))}, Value())
    return Artifact(
        artifact_id=ANSWER,
        name=_("Answer"),
        parts=[Part(text=run.answer, media_type=TEXT), Part(data=cited, media_type=DATA)],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value


def piece(run_id: str, context: str, text: str, *, append: bool) -> TaskArtifactUpdateEvent:
    """Return a piece of an answer that is being written; without `append` what was told before counts no more."""
    artifact = Artifact(artifact_id=ANSWER, name=_("Answer"), parts=[Part(text=text, media_type=TEXT)])
    return TaskArtifactUpdateEvent(task_id=run_id, context_id=context, artifact=artifact, append=append)


def whole(run: Run, context: str) -> TaskArtifactUpdateEvent:
    """Return the whole answer with its citations, in the place of all pieces."""
    about = {"task_id": str(run.pk), "context_id": context}
    return TaskArtifactUpdateEvent(artifact=answer_of(run), append=False, last_chunk=True, **about)


def status(run: Run, context: str) -> TaskStatusUpdateEvent:
    """Return how a run stands, as an event."""
    return TaskStatusUpdateEvent(task_id=str(run.pk), context_id=context, status=status_of(run))


def card(tenant: Any, address: str, agents: Iterable[Agent] | None) -> AgentCard:
    """Return the card of what answers at an address; without agents, for everybody to read, it names none."""
    skills = [_skill(agent) for agent in agents or ()]
    anybody = AgentSkill(
        id="ask",
        name=_("Ask"),
        description=_("Answers questions by the agent that fits best, from what the asking account may see."),
        tags=["questions"],
    )
    only = skills[0] if agents is not None and len(skills) == 1 else None
    return AgentCard(
        name=only.name if only else tenant.name,
        description=only.description if only else anybody.description,
        version="1",
        provider=AgentProvider(organization=tenant.name, url=tenant.address("/")),
        supported_interfaces=[
            AgentInterface(url=address, protocol_binding="JSONRPC", protocol_version=version) for version in VERSIONS
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=False, extended_agent_card=True),
        default_input_modes=["text/plain", TEXT],
        default_output_modes=[TEXT, DATA],
        skills=skills or [anybody],
        security_schemes={"key": SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="bearer"))},
        security_requirements=[SecurityRequirement(schemes={"key": StringList()})],
    )


def _skill(agent: Agent) -> AgentSkill:
    return AgentSkill(
        id=str(agent.pk),
        name=agent.name,
        description=agent.description or agent.name,
        tags=["agent"],
        examples=list(agent.starters),
    )
