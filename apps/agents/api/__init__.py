"""Agents and runs for API clients."""

from django.urls import path

from apps.accounts.api.sharing import share_paths
from apps.agents.api import endpoints, live
from apps.agents.models import Agent

urlpatterns = [
    *share_paths("agents/<uuid:pk>", Agent, "agent"),
    path("agents/", endpoints.agents, name="api-agents"),
    path("agents/<uuid:pk>", endpoints.agent, name="api-agent"),
    path("agents/<uuid:pk>/settings", endpoints.agent_settings, name="api-agent-settings"),
    path("runs/", endpoints.runs, name="api-runs"),
    path("runs/<uuid:pk>", endpoints.run, name="api-run"),
    path("runs/<uuid:pk>/cancel", endpoints.cancel, name="api-run-cancel"),
    path("runs/<uuid:pk>/again", endpoints.again, name="api-run-again"),
    path("runs/<uuid:pk>/events", live.run_events, name="api-run-events"),
]
