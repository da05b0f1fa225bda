"""Prompt, PromptVersion and PromptLabel."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel, UUIDModel
from apps.prompts.querysets import PromptQuerySet
from apps.prompts.types import Variable

DRAFT, STAGING, PRODUCTION = LABELS = ("draft", "staging", "production")


class Prompt(TimestampedModel):
    """A text that agents are told, under one name; what it says stands in its versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")

    def __str__(self) -> str:
        return self.name


class PromptVersion(UUIDModel):
    """What a prompt said at one time; numbered from 1, and never changed: the database refuses it."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions", verbose_name=_("prompt"))
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("text"))
    declared = models.JSONField(_("variables"), default=list, blank=True)
    note = models.CharField(_("what is new"), max_length=200, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("written by")
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        ordering = ("prompt", "-number")
        verbose_name = _("version of a prompt")
        verbose_name_plural = _("versions of prompts")
        constraints = (models.UniqueConstraint(fields=("prompt", "number"), name="prompt_version_once"),)

    def __str__(self) -> str:
        return f"{self.prompt} {self.number}"

    @property
    def variables(self) -> list[Variable]:
        return [Variable.from_json(raw) for raw in self.declared]


class PromptLabel(UUIDModel):
    """A name that agents follow, on one version of a prompt; `former` is where it stood before, for the way back."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="labels", verbose_name=_("prompt"))
    name = models.SlugField(_("label"), max_length=40)
    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="labels")
    former = models.ForeignKey(PromptVersion, on_delete=models.SET_NULL, null=True, related_name="+")
    moved_at = models.DateTimeField(_("moved"), auto_now=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("label of a prompt")
        verbose_name_plural = _("labels of prompts")
        constraints = (models.UniqueConstraint(fields=("prompt", "name"), name="prompt_label_once"),)

    def __str__(self) -> str:
        return self.name
