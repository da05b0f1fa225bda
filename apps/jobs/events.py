"""Signals by which the engine tells higher apps what happened."""

from django.dispatch import Signal

job_revived = Signal()
"""Sent with `job` and `actor` when a person started a dead job again, in the same transaction."""
