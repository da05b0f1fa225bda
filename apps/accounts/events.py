"""Signals that tell higher apps what happened to people."""

from django.dispatch import Signal

rights_changed = Signal()
"""Sent inside the transaction that changed what `user` may do, or whether they may come in at all."""
