"""A turn of an agent that decides by itself: ask the loop for the next step, do it, store it."""

from dataclasses import replace

from django.utils.translation import gettext as _

from apps.agents import caps, loop, registry
from apps.agents.acting import InDoubt, Parked
from apps.agents.models import Run
from apps.agents.records import brief_of, facts_of, handed_tools, handed_with_calls, root_of
from apps.agents.runs.asking import Asking, Wanted
from apps.agents.runs.tools import ToolUse
from apps.agents.runs.turn import Turn
from apps.agents.stream import announce_approval
from apps.agents.types import CallModel, CallTool, Finish, GiveUp, HandBack, ModelAnswered, ToolReturned
from apps.jobs.models import Job
from apps.jobs.types import Claim


class LoopTurn(Turn):
    """The model answers, or wants tools called and is told what came of them, until it answers without."""

    def __init__(self, claim: Claim, run: Run) -> None:
        super().__init__(claim, run)
        held = registry.tools_of(run.acts_as, run.project, allowed=run.allowed_tools, depth=run.depth)
        self.asking, self.tools = Asking(self), ToolUse(self, held)
        self.facts = facts_of(run)
        self.brief = brief_of(run)

    def steps(self) -> None:
        self.brief = replace(self.brief, additions=self.additions)
        while True:
            self.claim.ensure_held()
            step = loop.next_step(self.brief, self.facts)
            if isinstance(step, Finish):
                self.finish(step.text)
                return
            if isinstance(step, HandBack):
                self.finish(step.text, handed=handed_with_calls(self.run, step.calls))
                return
            caps.check(self.run, self.places)
            if isinstance(step, GiveUp):
                reason = _("The agent used up its steps without coming to an answer.")
                self.end(Job.State.FAILED, Run.State.FAILED, "", error=reason, code="steps_used_up")
                return
            if isinstance(step, CallModel):
                self.call_model(step)
            elif not self.call_tool(step):
                return

    def call_model(self, step: CallModel) -> None:
        held = (*(held.tool.spec for held in self.tools.held.values()), *handed_tools(self.run))
        specs = held if step.may_use_tools else ()
        answer, calls = self.asking.ask(Wanted(str(len(self.facts)), step.messages, specs, facts=self.facts))
        self.facts.append(ModelAnswered(answer.text, calls, answer.opaque))

    def call_tool(self, step: CallTool) -> bool:
        """Do one tool call; False when the run waits, or had to be put aside for a person."""
        try:
            content = self.tools.use(step.call)
        except Parked:
            self.publish("approval")
            if self.run.parent_id is not None:
                announce_approval(root_of(self.run).pk)
            return False
        except InDoubt:
            self.leave_to_people(step.call.name)
            return False
        self.facts.append(ToolReturned(step.call.id, content))
        return True

    def written(self) -> str:
        return loop.answer_text(self.facts)

    def unfinished(self) -> str:
        return self.asking.answer.text
