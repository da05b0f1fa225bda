"""Agent with its Personality and RuleSets, Run and RunEvent, ToolGrant and Approval, FormFile; a module a noun."""

from apps.agents.models.agents import Agent, AgentGroupGrant, AgentUserGrant
from apps.agents.models.behaviour import Personality, Rule, RuleSet
from apps.agents.models.consent import Approval, StandingConsent, ToolGrant, Vote
from apps.agents.models.files import FormFile
from apps.agents.models.memory import Fact
from apps.agents.models.python_tools import PythonTool
from apps.agents.models.runs import Run, RunEvent
from apps.agents.models.versions import AgentVersion

__all__ = [
    "Agent",
    "AgentGroupGrant",
    "AgentUserGrant",
    "AgentVersion",
    "Approval",
    "Fact",
    "FormFile",
    "Personality",
    "PythonTool",
    "Rule",
    "RuleSet",
    "Run",
    "RunEvent",
    "StandingConsent",
    "ToolGrant",
    "Vote",
]
