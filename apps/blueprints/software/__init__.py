"""Blueprints for people who make software: what a repository holds, and tests for it."""
