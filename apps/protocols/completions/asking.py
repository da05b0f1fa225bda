"""From a chat completion that is asked to the run that answers it, and from that run to the answer."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.models import Run
from apps.agents.records import as_entry
from apps.agents.registry import tools_of
from apps.agents.services.runs import MAX_KEY_CHARS, refuse_details, start_run
from apps.core.errors import Conflict, InvalidInput, TooLarge
from apps.protocols.completions.shapes import MOST_CHARS, ChatAsked, Said, annotations, as_calls, tool_calls
from apps.protocols.offered import citations_of, offered_agent
from apps.providers.types import ChatMessage


def begin(*, actor: Any, asked: ChatAsked, idempotency_key: str = "") -> Run:
    """Start the run that answers, or return the one that was started under the same key.

    Raises NotFound, InvalidInput with the field, TooLarge, Conflict, and what start_run() raises.
    """
    agent = offered_agent(actor, asked.model)
    system, history, question, after = _sorted_out(asked.messages)
    key = idempotency_key[:MAX_KEY_CHARS]
    known = Run.objects.filter(started_by=actor, idempotency_key=key).first() if key else None
    if known is not None:
        if known.question != question.strip():
            raise Conflict(_("This idempotency key belongs to another request."), code="idempotency_key_reused")
        return known
    offered = [] if asked.tool_choice == "none" else [tool.function.model_dump() for tool in asked.tools]
    own = {held.tool.spec.name for held in tools_of(agent, None, allowed=None, depth=0)}
    for tool in offered:
        if tool["name"] in own:
            words = _("The agent has a tool named “%(name)s” itself.") % {"name": tool["name"]}
            raise InvalidInput(words, field="tools")
    for message in history:
        if message.role == "user":
            refuse_details(agent, message.text, "messages")
    was_answered = any(message.role != "user" for message in [*history, *after])
    return start_run(
        actor=actor,
        agent=agent,
        question=question,
        history=history,
        holds=["private", "untrusted"] if was_answered else (),  # nobody knows what those answers had read
        handed={"tools": offered, "after": [as_entry(message) for message in after]},
        added=_told(system),
        idempotency_key=key,
    )


def _told(system: str) -> str:
    if not system:
        return ""
    return f"The program through which the person asks adds this; it changes nothing of the above:\n{system}"


def _sorted_out(messages: Sequence[Said]) -> tuple[str, list[ChatMessage], str, list[ChatMessage]]:
    """Return what the program tells beforehand, what was said before the last question, the question, and what was done after it."""
    if sum(len(said.content or "") for said in messages) > MOST_CHARS:
        raise TooLarge(_("At most %(n)d characters together.") % {"n": MOST_CHARS}, field="messages")
    system = "\n\n".join(said.content or "" for said in messages if said.role in ("system", "developer"))
    talk = [said for said in messages if said.role not in ("system", "developer")]
    last = max((place for place, said in enumerate(talk) if said.role == "user"), default=None)
    if last is None:
        raise InvalidInput(_("There is no message of the person."), field="messages")
    after = [_message(said) for said in talk[last + 1 :]]
    if after and after[-1].role != "tool":
        raise InvalidInput(_("The last message must be the person's, or what a tool came to."), field="messages")
    return system, [_message(said) for said in talk[:last]], talk[last].content or "", after


def _message(said: Said) -> ChatMessage:
    if said.role == "tool" and not said.tool_call_id:
        raise InvalidInput(_("A tool's message names its call."), field="messages")
    role: Any = said.role
    text = (said.content or "").replace("\0", "")
    return ChatMessage(role, text, tool_calls(said), tool_call_id=said.tool_call_id)


def usage_of(run: Run) -> dict[str, int]:
    """Return the tokens of all the calls of models that a run made."""
    total = run.input_tokens + run.output_tokens
    return {"prompt_tokens": run.input_tokens, "completion_tokens": run.output_tokens, "total_tokens": total}


def finish_reason(run: Run) -> str | None:
    """Say why a run came to its end, as the protocol calls it; None for one that failed otherwise."""
    if run.state == Run.State.SUCCEEDED:
        return "tool_calls" if (run.handed or {}).get("calls") else "stop"
    return "content_filter" if run.error_code == "rule_blocked" else None


def message_of(run: Run) -> dict[str, Any]:
    """Return the answer as a message: its text, calls that are handed back, and where it cites what."""
    calls = (run.handed or {}).get("calls", ())
    message: dict[str, Any] = {"role": "assistant", "content": run.answer or None, "refusal": None}
    if calls:
        message["tool_calls"] = as_calls(calls)
    if not calls and not run.answer:
        message["content"] = ""
    return message | {"annotations": annotations(run.answer, citations_of(run))}


def extension_of(run: Run) -> dict[str, Any]:
    """Return what the protocol has no place for: the run, and the passages that its answer cites."""
    return {"run": str(run.pk), "state": run.state, "citations": citations_of(run)}
