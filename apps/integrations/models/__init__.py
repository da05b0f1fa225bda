"""Connection with its Operations, its Grant and its Hook, Webhook with its WebhookDeliveries; a module a noun."""

from apps.integrations.models.connections import Connection, Operation
from apps.integrations.models.grants import Grant
from apps.integrations.models.hooks import Hook
from apps.integrations.models.webhooks import Webhook, WebhookDelivery

__all__ = ["Connection", "Grant", "Hook", "Operation", "Webhook", "WebhookDelivery"]
