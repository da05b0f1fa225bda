"""What an administrator fills in about a chat on other sites."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.knowledge.models import KnowledgeBase
from apps.widgets.models import Widget
from apps.widgets.services.widgets import collections_of


class WidgetForm(forms.Form):
    """Which agent stands where, for whom, and what its answers may rest on."""

    name = forms.CharField(label=_("Name"), max_length=60)
    agent = forms.ModelChoiceField(label=_("Agent"), queryset=Agent.objects.none())
    collections = forms.ModelMultipleChoiceField(
        label=_("What answers may rest on"),
        queryset=KnowledgeBase.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    origins = forms.CharField(
        label=_("Sites"), help_text=_("One in a line, for example https://www.example.com."), widget=forms.Textarea
    )
    greeting = forms.CharField(label=_("Greeting"), max_length=300, required=False)
    needs_identity = forms.BooleanField(label=_("Only for those whom the site names"), required=False)
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, actor: Any, row: Widget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": _known(row) if row else {}})
        self.fields["agent"].queryset = Agent.objects.manageable_by(actor).filter(draft_of=None)  # type: ignore[attr-defined]
        self.fields["collections"].queryset = KnowledgeBase.objects.manageable_by(actor)  # type: ignore[attr-defined]
        if row is None:
            del self.fields["is_active"]

    def values(self) -> dict[str, Any]:
        """Return what was filled in, as save_widget() takes it."""
        given = dict(self.cleaned_data)
        given["agent"] = given["agent"].pk
        given["collections"] = [each.pk for each in given["collections"]]
        given["origins"] = given["origins"].split()
        return given


def _known(row: Widget) -> dict[str, Any]:
    known = {name: getattr(row, name) for name in ("name", "agent", "greeting", "needs_identity", "is_active")}
    return {**known, "origins": "\n".join(row.origins), "collections": list(collections_of(row))}
