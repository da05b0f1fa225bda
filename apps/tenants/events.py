"""Signals that tell higher apps what happened to a tenant."""

from django.dispatch import Signal

option_changing = Signal()
"""Sent before an option is set, with `option`, `value` and `actor`; a receiver may raise InvalidInput."""

tenant_provisioned = Signal()
"""Sent inside the new tenant's context and transaction, with `tenant` and `owner`; higher apps add their first rows."""

plan_changed = Signal()
"""Sent inside a tenant's context when its plan, or what that allows, is another one."""
