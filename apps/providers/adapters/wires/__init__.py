"""Clients of the vendors' protocols: Chat Completions by ourselves, the others through pydantic-ai's model classes."""
