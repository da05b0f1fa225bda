"""FormFile: a file that somebody filled a form in with."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel


def storage_path(file: "FormFile", filename: str) -> str:
    """Name a stored file by its key alone; what people called it stays in the row."""
    return f"forms/{file.pk}"


class FormFile(TimestampedModel):
    """A file that was uploaded for the form of a blueprint; its uploader alone fills it in, and who sees a run with it reads it."""

    name = models.CharField(_("name"), max_length=255)
    file = models.FileField(_("file"), upload_to=storage_path, max_length=120)
    kind = models.CharField(_("kind"), max_length=16)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    runs = models.ManyToManyField("agents.Run", related_name="files", editable=False, verbose_name=_("runs"))

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("file of a form")
        verbose_name_plural = _("files of forms")

    def __str__(self) -> str:
        return self.name
