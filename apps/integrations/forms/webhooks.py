"""What an administrator fills in about a webhook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.integrations.models import Webhook


class WebhookForm(forms.Form):
    """Where a webhook is, and what it is told."""

    name = forms.CharField(label=_("Name"), max_length=40)
    url = forms.CharField(label=_("Web address"), max_length=300, help_text=_("It gets signed POST requests."))
    events = forms.MultipleChoiceField(
        label=_("What it is told"), choices=Webhook.Event.choices, widget=forms.CheckboxSelectMultiple
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, row: Webhook | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in ("name", "url", "events", "is_active")} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})
        if row is None:
            del self.fields["is_active"]
