"""From what has happened in a run to its next step: a pure function, so it is tested without any mock."""

from collections.abc import Sequence

from apps.agents.types import (
    Brief,
    CallModel,
    CallTool,
    Fact,
    Finish,
    GiveUp,
    HandBack,
    ModelAnswered,
    Step,
    ToolReturned,
)
from apps.providers.types import ChatMessage, ToolCall


def next_step(brief: Brief, facts: Sequence[Fact]) -> Step:
    """Name the step after these facts: open tool calls first, then the model, until it answers without calls.

    Calls of tools that the asking program does itself are handed back to it, once the agent's own are done.

    Once the step budget is used up the model is asked without tools, and what it wants to call then is not called.
    """
    last = facts[-1] if facts else None
    open_calls = _open_calls(facts)
    was_last_chance = isinstance(last, ModelAnswered) and len(facts) >= brief.max_steps
    own = [call for call in open_calls if call.name not in brief.handed]
    if own and not was_last_chance:
        return CallTool(own[0])
    if open_calls and not was_last_chance:
        return HandBack(answer_text(facts), tuple(open_calls))
    if isinstance(last, ModelAnswered):
        text = answer_text(facts)
        return Finish(text) if text or not open_calls else GiveUp()
    may_use_tools = len(facts) < brief.max_steps - 1
    return CallModel(_messages(brief, facts), may_use_tools)


def answer_text(facts: Sequence[Fact]) -> str:
    """Return what the model has written so far in all its calls."""
    return "\n\n".join(fact.text for fact in facts if isinstance(fact, ModelAnswered) and fact.text.strip())


def _open_calls(facts: Sequence[Fact]) -> list[ToolCall]:
    answered = {fact.call_id for fact in facts if isinstance(fact, ToolReturned)}
    calls = [call for fact in facts if isinstance(fact, ModelAnswered) for call in fact.tool_calls]
    return [call for call in calls if call.id not in answered]


def _messages(brief: Brief, facts: Sequence[Fact]) -> tuple[ChatMessage, ...]:
    instructions = "\n\n".join(filter(None, [brief.instructions, *brief.additions]))
    messages = [ChatMessage("system", instructions)] if instructions else []
    messages += [*brief.history, ChatMessage("user", brief.question), *brief.after]
    for fact in facts:
        if isinstance(fact, ModelAnswered):
            messages.append(ChatMessage("assistant", fact.text, fact.tool_calls, opaque=fact.opaque))
        else:
            messages.append(ChatMessage("tool", fact.result, tool_call_id=fact.call_id))
    return tuple(messages)
