"""Addresses of agents and runs."""

from django.urls import path

from apps.agents import views

urlpatterns = [
    path("agents/", views.agent_list, name="agents"),
    path("runs/", views.run_list, name="runs"),
    path("runs/<uuid:pk>/", views.run_detail, name="run"),
    path("runs/<uuid:pk>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:pk>/again/", views.run_again, name="run-again"),
]
