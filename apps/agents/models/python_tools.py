"""PythonTool: a tool that somebody of the organisation wrote."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel

is_function_name = RegexValidator(r"^[a-z][a-z0-9_]{0,39}$", _("Write small letters, digits and underscores."))


class PythonTool(TimestampedModel):
    """A function `run(…)` in Python that agents can be given; it runs in the sandbox and reaches nothing.

    `description` and `parameters` (a JSON schema) are read off the code whenever it is saved.
    """

    name = models.CharField(_("name"), max_length=40, unique=True, validators=[is_function_name])
    title = models.CharField(_("title"), max_length=80, blank=True)
    code = models.TextField(_("code"))
    description = models.TextField(_("description"), editable=False)
    parameters = models.JSONField(_("parameters"), default=dict, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("written by"),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("Python tool")
        verbose_name_plural = _("Python tools")

    def __str__(self) -> str:
        return self.title or self.name
