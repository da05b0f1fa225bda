"""Tenant and Domain, both in the public schema."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from apps.core.models import UUIDModel


class Tenant(UUIDModel, TenantMixin):
    """An organisation. Its rows live in the schema `schema_name`; while not ACTIVE it cannot be reached."""

    class State(models.TextChoices):
        PROVISIONING = "provisioning", _("Being set up")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    auto_create_schema = False
    auto_drop_schema = False

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=State, default=State.PROVISIONING)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Domain(UUIDModel, DomainMixin):
    """A host name (lower case, no port) that leads to one tenant."""

    class Meta:
        ordering = ("domain",)

    def __str__(self) -> str:
        return self.domain
