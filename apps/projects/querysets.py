"""Who reaches which projects, and what they reach through them."""

from typing import Any

from django.db import models

from apps.accounts.grants import SharedQuerySet


class ProjectQuerySet(SharedQuerySet):
    """Viewers see a project, contributors (`usable_by`) work in it, managers (`manageable_by`) run it."""

    def current(self) -> "ProjectQuerySet":
        """Projects that are not archived."""
        return self.filter(archived_at=None)

    def usable_by(self, user: Any) -> "ProjectQuerySet":
        """Projects that are not archived and in which a person works."""
        return super().usable_by(user).current()

    def passing_on(self, user: Any, level: str) -> "ProjectQuerySet":
        """Projects whose agents and collections their members reach; archived ones give access to nothing."""
        return super().passing_on(user, level).current()

    def matching(self, words: str) -> "ProjectQuerySet":
        """Projects whose name or description holds every word."""
        found = self
        for word in words.split():
            found = found.filter(models.Q(name__icontains=word) | models.Q(description__icontains=word))
        return found
