"""Addresses of agents and runs."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.agents import views
from apps.agents.models import Agent

urlpatterns = [
    *share_paths("agents/<uuid:pk>/", Agent, "agent"),
    path("agents/", views.agent_list, name="agents"),
    path("agents/<uuid:pk>/settings/", views.agent_settings, name="agent-settings"),
    path("runs/", views.run_list, name="runs"),
    path("runs/<uuid:pk>/", views.run_detail, name="run"),
    path("runs/<uuid:pk>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:pk>/again/", views.run_again, name="run-again"),
]
