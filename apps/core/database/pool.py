"""Giving this thread's connection back while it waits for something else."""

from django.db import connection


def release_connection() -> None:
    """Return the connection to the pool; inside a transaction it is kept, since closing would end it."""
    if not connection.in_atomic_block:
        connection.close()
