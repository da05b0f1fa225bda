"""Tenants and their domains: who owns a schema, and which host leads to it."""
