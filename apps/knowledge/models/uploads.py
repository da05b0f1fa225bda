"""Upload: a file that comes in by parts and is no document yet."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel
from apps.knowledge.models.collections import KnowledgeBase

KEPT_FOR = timedelta(hours=24)


class Upload(TimestampedModel):
    """What came in so far lies at `path`; once `received_bytes` is `size_bytes` a document stands in its stead."""

    knowledge_base = models.ForeignKey(
        KnowledgeBase, on_delete=models.CASCADE, related_name="uploads", verbose_name=_("collection")
    )
    name = models.CharField(_("name"), max_length=255)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    received_bytes = models.PositiveBigIntegerField(_("received"), default=0)
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("uploaded by")
    )

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("unfinished upload")
        verbose_name_plural = _("unfinished uploads")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(default_storage.path(f"uploads/{self.pk}"))

    @property
    def expires_at(self) -> datetime:
        return self.updated_at + KEPT_FOR
