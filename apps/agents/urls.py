"""Addresses of agents and runs."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.agents.models import Agent
from apps.agents.views import agents, approvals, behaviour, form_runs, personalities, rule_sets, studio, tools, versions

urlpatterns = [
    *share_paths("agents/<uuid:pk>/", Agent, "agent"),
    path("agents/", agents.agent_list, name="agents"),
    path("agents/new/", studio.agent_new, name="agent-new"),
    path("agents/<uuid:pk>/edit/", studio.agent_edit, name="agent-edit"),
    path("agents/<uuid:pk>/copy/", studio.agent_copy, name="agent-copy"),
    path("agents/<uuid:pk>/switch/", studio.agent_switch, name="agent-switch"),
    path("agents/<uuid:pk>/health/", studio.agent_health, name="agent-health"),
    path("agents/<uuid:pk>/settings/", agents.agent_settings, name="agent-settings"),
    path("agents/<uuid:pk>/behaviour/", behaviour.agent_behaviour, name="agent-behaviour"),
    path("agents/<uuid:pk>/tools/", tools.agent_tools, name="agent-tools"),
    path("agents/<uuid:pk>/versions/", versions.agent_versions, name="agent-versions"),
    path("agents/<uuid:pk>/versions/compare/", versions.agent_compare, name="agent-compare"),
    path("agents/<uuid:pk>/versions/<int:number>/restore/", versions.version_restore, name="agent-restore"),
    path("agents/<uuid:pk>/draft/", versions.draft_start, name="agent-draft"),
    path("agents/<uuid:pk>/draft/discard/", versions.draft_discard, name="agent-draft-discard"),
    path("agents/<uuid:pk>/draft/publish/", versions.draft_publish, name="agent-draft-publish"),
    path("agents/<uuid:pk>/try/", versions.agent_try, name="agent-try"),
    path("agents/<uuid:pk>/form/", form_runs.agent_form, name="agent-form"),
    path("agents/personalities/", personalities.personality_list, name="personalities"),
    path("agents/personalities/new/", personalities.personality_new, name="personality-new"),
    path("agents/personalities/<uuid:pk>/", personalities.personality_edit, name="personality"),
    path("agents/personalities/<uuid:pk>/remove/", personalities.personality_remove, name="personality-remove"),
    path("agents/rules/", rule_sets.rule_set_list, name="rule-sets"),
    path("agents/rules/new/", rule_sets.rule_set_new, name="rule-set-new"),
    path("agents/rules/<uuid:pk>/", rule_sets.rule_set_detail, name="rule-set"),
    path("agents/rules/<uuid:pk>/copy/", rule_sets.rule_set_copy, name="rule-set-copy"),
    path("agents/rules/<uuid:pk>/remove/", rule_sets.rule_set_remove, name="rule-set-remove"),
    path("agents/rules/<uuid:pk>/rules/", rule_sets.rule_add, name="rule-add"),
    path("agents/rules/rule/<uuid:pk>/", rule_sets.rule_edit, name="rule"),
    path("agents/rules/rule/<uuid:pk>/remove/", rule_sets.rule_remove, name="rule-remove"),
    path("approvals/", approvals.approval_list, name="approvals"),
    path("approvals/<uuid:pk>/", approvals.approval_detail, name="approval"),
    path("approvals/<uuid:pk>/approve/", approvals.approval_approve, name="approval-approve"),
    path("approvals/<uuid:pk>/decline/", approvals.approval_decline, name="approval-decline"),
    path("approvals/consents/", approvals.consent_list, name="consents"),
    path("approvals/consents/<uuid:pk>/revoke/", approvals.consent_revoke, name="consent-revoke"),
    path("runs/", agents.run_list, name="runs"),
    path("runs/<uuid:pk>/", agents.run_detail, name="run"),
    path("runs/<uuid:pk>/cancel/", agents.run_cancel, name="run-cancel"),
    path("runs/<uuid:pk>/again/", agents.run_again, name="run-again"),
]
