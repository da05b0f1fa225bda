"""Source and SourceItem: a place outside whose documents a collection takes over and keeps up to date."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import HoldsSecret, TimestampedModel, UUIDModel
from apps.knowledge.models.collections import Document, KnowledgeBase
from apps.knowledge.querysets import SourceQuerySet


class Source(TimestampedModel, HoldsSecret):
    """A place outside. What it is looked through for lies in its items; `sealed_secret` is never shown.

    `next_at` is when it is looked through again, None: not by itself. `job` is the job that looks through it now, since `began_at`, and `counts` what it came to.
    """

    class Kind(models.TextChoices):
        PAGE = "page", _("A web page")
        SITE = "site", _("A website, by its site map")
        GITHUB = "github", _("A repository on GitHub")
        GITLAB = "gitlab", _("A repository on GitLab")
        S3 = "s3", _("A folder of S3-compatible storage")

    class Every(models.TextChoices):
        NEVER = "never", _("Only when asked")
        HOUR = "hour", _("Every hour")
        DAY = "day", _("Every day")
        WEEK = "week", _("Every week")

    SPANS: ClassVar[dict[str, timedelta]] = {
        Every.HOUR: timedelta(hours=1),
        Every.DAY: timedelta(days=1),
        Every.WEEK: timedelta(weeks=1),
    }

    knowledge_base = models.ForeignKey(
        KnowledgeBase, on_delete=models.CASCADE, related_name="sources", verbose_name=_("collection")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    address = models.CharField(_("address"), max_length=500)
    place = models.CharField(_("repository or bucket"), max_length=200, blank=True)
    folder = models.CharField(_("folder"), max_length=300, blank=True)
    branch = models.CharField(_("branch or region"), max_length=100, blank=True)
    account = models.CharField(_("access key"), max_length=200, blank=True)
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    every = models.CharField(_("looked through"), max_length=8, choices=Every, default=Every.DAY)
    next_at = models.DateTimeField(_("looked through next"), null=True, editable=False)
    job = models.UUIDField(null=True, editable=False)
    began_at = models.DateTimeField(null=True, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    synced_at = models.DateTimeField(_("last looked through"), null=True, editable=False)
    error = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ("address", "pk")
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = (
            models.UniqueConstraint(
                fields=("knowledge_base", "kind", "address", "place", "folder", "branch"),
                name="source_once_a_collection",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What it is called: its address, or the repository or bucket with the folder."""
        return "/".join(filter(None, (self.place, self.folder.strip("/")))) if self.place else self.address

    @property
    def is_busy(self) -> bool:
        return self.job is not None


class SourceItem(UUIDModel):
    """One thing at a source, by its key there. `mark` changes when it does; `error` says why it is no document;
    `is_own`: the document is there for this item, not by hand.
    It was fetched last at `seen_at`, and taken over last at `read_at`.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=700)
    mark = models.CharField(max_length=200, blank=True)
    document = models.ForeignKey(Document, on_delete=models.SET_NULL, null=True, related_name="items")
    is_own = models.BooleanField(default=False)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    read_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("key",)
        verbose_name = _("item of a source")
        verbose_name_plural = _("items of sources")
        constraints = (models.UniqueConstraint(fields=("source", "key"), name="source_item_once"),)

    def __str__(self) -> str:
        return self.key
