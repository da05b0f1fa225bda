"""Answers questions about issues with JQL that is shown."""
