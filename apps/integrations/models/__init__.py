"""Connection with its Operations, its SignIn and its Hook, Webhook with its WebhookDeliveries; a module a noun."""

from apps.integrations.models.connections import Connection, Operation
from apps.integrations.models.hooks import Hook
from apps.integrations.models.sign_ins import SignIn
from apps.integrations.models.webhooks import Webhook, WebhookDelivery

__all__ = ["Connection", "Hook", "Operation", "SignIn", "Webhook", "WebhookDelivery"]
