"""Connection and its Operations: a service outside, and what of it agents may be given."""

from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import HoldsSecret, TimestampedModel
from apps.integrations.querysets import ConnectionQuerySet
from apps.integrations.types import REPEATABLE, Described


class Connection(TimestampedModel, HoldsSecret):
    """A service that describes itself, by an OpenAPI document or as an MCP server, or one that is known here: Jira, GitHub, GitLab. `sealed_secret` is never shown; `audience` may have it called for them."""

    class Kind(models.TextChoices):
        OPENAPI = "openapi", _("A service with an OpenAPI document")
        MCP = "mcp", _("An MCP server (streamable HTTP)")
        JIRA = "jira", _("Jira (Cloud or Data Center)")
        GITHUB = "github", _("GitHub")
        GITLAB = "gitlab", _("GitLab")

    class Auth(models.TextChoices):
        NONE = "none", _("Nothing")
        BEARER = "bearer", _("Bearer token")
        HEADER = "header", _("A header")
        QUERY = "query", _("A parameter of the address")
        BASIC = "basic", _("Name and password")
        OAUTH = "oauth", _("OAuth: a person lets us in at the service")

    NAMED: ClassVar = (Auth.HEADER, Auth.QUERY, Auth.BASIC)
    """Kinds that need a name beside the secret."""

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.OPENAPI)
    name = models.CharField(_("name"), max_length=40, unique=True)
    slug = models.SlugField(max_length=20, unique=True, editable=False)
    description = models.CharField(_("description"), max_length=200, blank=True)
    base_url = models.CharField(_("address"), max_length=300)
    source_url = models.CharField(_("where it describes itself"), max_length=300, blank=True)
    auth = models.CharField(_("signs in with"), max_length=8, choices=Auth, default=Auth.NONE)
    auth_name = models.CharField(_("name of the header, parameter or account"), max_length=120, blank=True)
    audience = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for whom agents call it"),
        help_text=_("Empty: for everybody who may ask the agent."),
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    described_at = models.DateTimeField(_("description read"), null=True, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("connection")
        verbose_name_plural = _("connections")

    def __str__(self) -> str:
        return self.name

    def is_for(self, person: Any) -> bool:
        """Whether agents call it for a person."""
        return self.audience_id is None or person.groups.filter(pk=self.audience_id).exists()


class Operation(TimestampedModel):
    """One thing that a service does. `pinned` is the digest of what an administrator looked at; another one is not called."""

    class Risk(models.TextChoices):
        READ = "read", _("Reads")
        WRITE = "write", _("Changes")
        SEND = "send", _("Sends")

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="operations", verbose_name=_("connection")
    )
    key = models.CharField(_("key"), max_length=64)
    tool_name = models.CharField(_("name as a tool"), max_length=64, unique=True)
    method = models.CharField(_("method"), max_length=8)
    path = models.CharField(_("path"), max_length=500)
    title = models.CharField(_("title"), max_length=120)
    description = models.CharField(_("description"), max_length=1000, blank=True)
    schema = models.JSONField(_("schema of the arguments"))
    places = models.JSONField(_("where each argument goes"), default=dict)
    risk = models.CharField(_("risk"), max_length=8, choices=Risk)
    digest = models.CharField(_("digest of the description"), max_length=64)
    pinned = models.CharField(_("digest that was looked at"), max_length=64, blank=True)

    class Meta:
        ordering = ("connection", "path", "method")
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        constraints = (models.UniqueConstraint(fields=("connection", "key"), name="operation_once_a_connection"),)

    def __str__(self) -> str:
        return f"{self.connection}: {self.title}"

    @property
    def is_on(self) -> bool:
        """Whether agents may be given it: it was looked at, and is described as it was then."""
        return self.pinned == self.digest

    @property
    def has_changed(self) -> bool:
        return bool(self.pinned) and self.pinned != self.digest

    @property
    def is_repeatable(self) -> bool:
        return self.method in REPEATABLE

    def put(self, described: Described) -> None:
        """Take over what the service says."""
        for field in ("key", "method", "path", "title", "description", "schema", "digest"):
            setattr(self, field, getattr(described, field))
        self.places = {name: list(place) for name, place in described.places.items()}
