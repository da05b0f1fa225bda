"""Signals that tell higher apps what happened to a tenant."""

from django.dispatch import Signal

tenant_provisioned = Signal()
"""Sent inside the new tenant's context and transaction, with `tenant` and `owner`; higher apps add their first rows."""
