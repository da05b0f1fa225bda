"""Signals by which automations tell higher apps what happened."""

from django.dispatch import Signal

result_wanted = Signal()
"""Sent with `occurrence`, `run` and `sources` when a run ended whose result is to stand in a conversation, in the checkpoint that ends it."""
