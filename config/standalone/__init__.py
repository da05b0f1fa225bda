"""Guildhall on one machine: embedded PostgreSQL and Redis, every process under one supervisor."""
