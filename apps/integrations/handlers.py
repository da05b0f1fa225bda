"""Secrets of connections are sealed anew when asked."""

from apps.core import credentials
from apps.integrations.models import Connection


@credentials.on_rotation
def reseal_secrets() -> int:
    return credentials.reseal_column(Connection.objects, column="sealed_secret", field="sealed_secret")
