"""Names and values of what starts by itself. No framework."""

from dataclasses import dataclass

TICK = "automation.tick"
"""The kind of job that is due when an automation's next time has come; the object is an Automation."""
START = "automation.start"
"""The kind of job that starts what is due; the object is an Occurrence."""
DELIVER = "automation.deliver"
"""The kind of job that calls a receiver; the object is a Delivery."""

BATCH = "batch"
"""The kind of job that asks for the rows of a Batch."""
EXECUTION = "workflow"
"""The kind of job that works on an Execution."""
SEND_OUT = "workflows.send_out"
"""The right to have results sent to web addresses."""
QUESTION = "question"
"""What holds the question for an agent that has no form."""

EVENT_PLACES = {
    "document.ready": ("document", "collection"),
    "run.failed": ("run", "agent", "reason"),
    "issue.changed": ("issue", "summary", "status", "change", "by"),
    "code.pushed": ("repository", "branch", "commits", "by"),
}
"""What each event fills into the question and the form of an automation, as places like {{ document }}."""
OF_CONNECTIONS = frozenset({"issue.changed", "code.pushed"})
"""Events of which connected services tell."""


@dataclass(frozen=True)
class Rhythm:
    """How often something is due, as people say it; `custom` is any expression of cron. Hours and minutes of the automation's zone.

    `weekday` counts from 0, Sunday, as cron does; `day` is one of the month.
    """

    every: str
    hour: int = 8
    minute: int = 0
    weekday: int = 1
    day: int = 1
    cron: str = ""
