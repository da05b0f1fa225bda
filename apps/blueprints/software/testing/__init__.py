"""Writes tests for a repository of Python, runs them, and keeps those that pass."""
