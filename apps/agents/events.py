"""Signals by which runs tell higher apps what happened."""

from django.dispatch import Signal

run_settled = Signal()
"""Sent with `run` and `passages` inside the checkpoint that ends a run, whatever its final state."""
