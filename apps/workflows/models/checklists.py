"""Checklist: what people have to do by when, as a run proposed it and as they changed it since; ChecklistItem: one thing of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel, UUIDModel
from apps.workflows.querysets import ChecklistItemQuerySet, ChecklistQuerySet


class Checklist(TimestampedModel):
    """A list of duties, kept by its owner, for somebody perhaps. It stays when the run that proposed it is gone."""

    name = models.CharField(_("name"), max_length=160)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for whom it is"),
    )
    run = models.OneToOneField(
        "agents.Run",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="checklist",
        verbose_name=_("run"),
    )

    objects = ChecklistQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")

    def __str__(self) -> str:
        return self.name


class ChecklistItem(UUIDModel):
    """One thing to be done by a day. Whose it is says `assignee`, or `who` in words. `reminded_on` is the day of the last reminder."""

    checklist = models.ForeignKey(
        Checklist, on_delete=models.CASCADE, related_name="items", verbose_name=_("checklist")
    )
    number = models.PositiveSmallIntegerField(_("place"))
    title = models.CharField(_("what is to be done"), max_length=200)
    phase = models.CharField(_("phase"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    due = models.DateField(_("due"))
    who = models.CharField(_("who, in words"), max_length=120, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("whose it is")
    )  # fmt: skip
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("done by")
    )  # fmt: skip
    reminded_on = models.DateField(null=True, editable=False)

    objects = ChecklistItemQuerySet.as_manager()

    class Meta:
        ordering = ("due", "number")
        verbose_name = _("item of a checklist")
        verbose_name_plural = _("items of checklists")
        indexes = (
            models.Index(fields=("due",), condition=models.Q(done_at=None), name="checklist_item_due"),
            models.Index(fields=("assignee", "due"), name="checklist_item_of"),
        )

    def __str__(self) -> str:
        return self.title
