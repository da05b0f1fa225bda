"""What people fill in: agents and how they answer (`behaviour`), their tools and what waits for approval (`tools`)."""

from apps.agents.forms.behaviour import AgentForm, BehaviourForm, PersonalityForm, RuleForm, RuleSetForm
from apps.agents.forms.python_tools import PythonToolForm
from apps.agents.forms.tools import ArgumentsForm, ToolForm, tool_forms

__all__ = [
    "AgentForm",
    "ArgumentsForm",
    "BehaviourForm",
    "PersonalityForm",
    "PythonToolForm",
    "RuleForm",
    "RuleSetForm",
    "ToolForm",
    "tool_forms",
]
