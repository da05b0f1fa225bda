"""What people fill in about a project."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.projects.models import Project


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What it is about"), max_length=300, required=False)

    def __init__(self, *args: Any, row: Project | None = None, **kwargs: Any) -> None:
        known = {"name": row.name, "description": row.description} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})
