"""Blueprints for teams that work with Jira: how work flows, and questions about issues."""
