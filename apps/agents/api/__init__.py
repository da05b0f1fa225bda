"""Agents and runs for API clients."""

from django.urls import path

from apps.accounts.api.sharing import share_paths
from apps.agents.api import approvals, behaviour, endpoints, form_runs, live, python_tools, studio, tools, versions
from apps.agents.models import Agent

urlpatterns = [
    *share_paths("agents/<uuid:pk>", Agent, "agent"),
    path("agents/", studio.agents, name="api-agents"),
    path("agents/choose", studio.choose, name="api-agents-choose"),
    path("agents/<uuid:pk>", studio.agent, name="api-agent"),
    path("agents/<uuid:pk>/copy", studio.copy, name="api-agent-copy"),
    path("agents/<uuid:pk>/health", studio.health, name="api-agent-health"),
    path("agents/<uuid:pk>/settings", endpoints.agent_settings, name="api-agent-settings"),
    path("agents/<uuid:pk>/behaviour", behaviour.agent_behaviour, name="api-agent-behaviour"),
    path("agents/<uuid:pk>/tools", tools.agent_tools, name="api-agent-tools"),
    path("agents/<uuid:pk>/versions", versions.versions, name="api-agent-versions"),
    path("agents/<uuid:pk>/versions/<int:number>", versions.version, name="api-agent-version"),
    path("agents/<uuid:pk>/versions/<int:number>/restore", versions.restore, name="api-agent-restore"),
    path("agents/<uuid:pk>/draft", versions.draft, name="api-agent-draft"),
    path("agents/<uuid:pk>/draft/publish", versions.publish, name="api-agent-publish"),
    path("agents/<uuid:pk>/try", versions.trial, name="api-agent-try"),
    path("agents/<uuid:pk>/form", form_runs.agent_form, name="api-agent-form"),
    path("agents/<uuid:pk>/form/estimate", form_runs.form_estimate, name="api-agent-form-estimate"),
    path("config/agents", behaviour.config, name="api-config-agents"),
    path("config/agents/personalities", behaviour.personality_list, name="api-personalities"),
    path("config/agents/personalities/<uuid:pk>", behaviour.personality, name="api-personality"),
    path("config/agents/rule-sets", behaviour.rule_set_list, name="api-rule-sets"),
    path("config/agents/rule-sets/<uuid:pk>", behaviour.rule_set, name="api-rule-set"),
    path("config/agents/rule-sets/<uuid:pk>/copy", behaviour.rule_set_copy, name="api-rule-set-copy"),
    path("config/agents/python-tools", python_tools.python_tools, name="api-python-tools"),
    path("config/agents/python-tools/try", python_tools.trial, name="api-python-tool-try"),
    path("config/agents/python-tools/<uuid:pk>", python_tools.python_tool, name="api-python-tool"),
    path("approvals/", approvals.approval_list, name="api-approvals"),
    path("approvals/<uuid:pk>", approvals.approval, name="api-approval"),
    path("approvals/<uuid:pk>/approve", approvals.approve, name="api-approval-approve"),
    path("approvals/<uuid:pk>/decline", approvals.decline, name="api-approval-decline"),
    path("approvals/consents", approvals.consents, name="api-consents"),
    path("approvals/consents/<uuid:pk>", approvals.consent, name="api-consent"),
    path("runs/", endpoints.runs, name="api-runs"),
    path("runs/<uuid:pk>", endpoints.run, name="api-run"),
    path("runs/<uuid:pk>/cancel", endpoints.cancel, name="api-run-cancel"),
    path("runs/<uuid:pk>/again", endpoints.again, name="api-run-again"),
    path("runs/<uuid:pk>/events", live.run_events, name="api-run-events"),
]
