"""Signals by which connections tell higher apps what happened."""

from django.dispatch import Signal

service_told = Signal()
"""Sent with `connection` and `told` (a Told) when a connected service says that something happened, inside a transaction."""
