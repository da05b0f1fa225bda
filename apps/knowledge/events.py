"""Signals by which knowledge tells higher apps what happened."""

from django.dispatch import Signal

document_ready = Signal()
"""Sent with `document` inside the checkpoint that makes it searchable."""
