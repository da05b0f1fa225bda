"""A new tenant gets the built-in model, so that the first answer needs no key; keys are sealed anew when asked."""

from typing import Any

from django.dispatch import receiver

from apps.core import credentials
from apps.providers.models import BUILT_IN, Provider, ProviderModel
from apps.tenants.events import tenant_provisioned


@receiver(tenant_provisioned)
def add_built_in_model(sender: Any, **kwargs: Any) -> None:
    provider, _ = Provider.objects.get_or_create(name="Guildhall", defaults={"kind": BUILT_IN})
    ProviderModel.objects.get_or_create(provider=provider, name=BUILT_IN, defaults={"is_default": True})


@credentials.on_rotation
def reseal_keys() -> int:
    return credentials.reseal_column(Provider.objects, column="sealed_key", field="sealed_key")
