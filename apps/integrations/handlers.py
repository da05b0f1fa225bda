"""Secrets of connections, sign-ins, hooks and webhooks are sealed anew when asked."""

from apps.core import credentials
from apps.integrations.models import Connection, Hook, SignIn, Webhook


@credentials.on_rotation
def reseal_secrets() -> int:
    resealed = [
        credentials.reseal_column(model.objects, column="sealed_secret", field="sealed_secret")
        for model in (Connection, SignIn, Hook, Webhook)
    ]
    return sum(resealed) + credentials.reseal_column(Webhook.objects, column="sealed_former", field="sealed_former")
