"""A run's calls of tools, each stored as a step; a program's calls are steps of their own."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from django.utils import timezone

from apps.agents.acting import Act, Inside
from apps.agents.models import Run, RunEvent
from apps.agents.records import add_event
from apps.agents.registry import HeldTool
from apps.agents.runs.turn import Turn
from apps.agents.tools.base import ToolResult
from apps.agents.tools.code import RUN_PYTHON
from apps.jobs import engine
from apps.providers.types import ToolCall


class ToolUse:
    """What a run's turn uses tools with; `held` are those that it may use, by name."""

    def __init__(self, turn: Turn, held: Collection[HeldTool]) -> None:
        self.turn, self.run, self.claim = turn, turn.run, turn.claim
        self.held = {each.tool.spec.name: each for each in held}

    def use(self, call: ToolCall, *, is_patient: bool = False) -> str:
        """Do a call that the model, or a step in code, wants, and store what it came to; return that as JSON. Raises what Act.go() raises."""
        held, started_at = self.held.get(call.name), timezone.now()
        self.turn.publish("working", name=call.name)
        if held is None:
            return self.store(call, ToolResult({"error": f"There is no tool named {call.name}."}), started_at)
        act = Act(self.claim, self.run, held, call, inside=self.inside(held), is_patient=is_patient)
        return self.store_act(act, act.go(), started_at)

    def inside(self, held: HeldTool) -> dict[str, Inside]:
        """Return the agent's other tools as functions of a program that the model wrote; what others wrote calls nothing."""
        if held.tool is not RUN_PYTHON:
            return {}
        return {name: partial(self.use_inside, each) for name, each in self.held.items() if each is not held}

    def use_inside(self, held: HeldTool, call_id: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Do a program's tool call as a step of its own, or return what it came to before. Raises what Act.go() raises."""
        done = self.run.events.filter(kind=RunEvent.Kind.TOOL, payload__call_id=call_id).first()
        if done is not None:
            return orjson.loads(done.payload["result"])
        name, started_at = held.tool.spec.name, timezone.now()
        schema = held.tool.spec.parameters
        order = dict.fromkeys([*schema.get("required", ()), *schema.get("properties", ())])
        given = dict(zip(order, positional, strict=False)) | named
        try:
            call = ToolCall(call_id, name, orjson.dumps(given).decode())
        except (TypeError, orjson.JSONEncodeError):
            return {"error": "The arguments are no JSON: numbers, texts, lists and dicts alone."}
        self.turn.publish("working", name=name)
        act = Act(self.claim, self.run, held, call)
        return orjson.loads(self.store_act(act, act.go(), started_at, is_inside=True))

    def store_act(self, act: Act, result: ToolResult, started_at: datetime, *, is_inside: bool = False) -> str:
        """Store what a call came to, with the arguments that were used in the end."""
        used = act.call
        if act.arguments is not None:
            used = replace(used, arguments=orjson.dumps(act.arguments).decode())
        title = str(act.held.tool.title)
        return self.store(used, result, started_at, holds=act.holds, title=title, is_inside=is_inside)

    def store(
        self,
        call: ToolCall,
        result: ToolResult,
        started_at: datetime,
        *,
        holds: Collection[str] = (),
        title: str = "",
        is_inside: bool = False,
    ) -> str:
        """Store what a call came to; one from inside a program is told to the program, not to the model. Return it as JSON."""
        content = orjson.dumps(result.content, default=str).decode()
        payload = {
            "call_id": call.id,
            "arguments": call.arguments,
            "result": content,
            "sources": [vars(source) for source in result.sources],
            "title": title,
            "is_inside": is_inside,
        }
        with engine.checkpoint(self.claim):
            event = add_event(self.run, RunEvent.Kind.TOOL, call.name, payload, started_at)
            self.run.holds = sorted({*self.run.holds, *holds})
            Run.objects.filter(pk=self.run.pk).update(holds=self.run.holds)
        self.turn.publish_step(event)
        return content
