"""Project with its grants, which are its members."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.grants import MANAGE, USE, VIEW, GroupGrant, Shared, UserGrant
from apps.core.models import TimestampedModel
from apps.projects.querysets import ProjectQuerySet


class Project(TimestampedModel, Shared):
    """Work of some people with the agents and collections assigned to it, counted by itself.

    Who has a grant is a member, and reaches what is assigned: viewers see and search it, contributors ask its agents.
    """

    LEVELS: ClassVar = {
        VIEW: _("Viewer: sees the project and searches its collections"),
        USE: _("Contributor: works with its agents as well"),
        MANAGE: _("Manager: decides on members, agents, collections and settings as well"),
    }
    OPEN_TO: ClassVar = {VIEW: ""}

    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    is_open = models.BooleanField(_("open to everybody in the organisation"), default=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        permissions = (("use_project", "May work in a project"), ("manage_project", "May manage all projects"))

    def __str__(self) -> str:
        return self.name


class ProjectUserGrant(UserGrant):
    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class ProjectGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass
