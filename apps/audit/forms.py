"""What people type about alerts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Severity
from apps.audit.models import AlertChannel


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label=_("By"), choices=AlertChannel.Kind.choices)
    target = forms.CharField(
        label=_("Address"),
        max_length=300,
        help_text=_("name@example.com, or for a webhook https://example.com/alerts"),
    )
    least = forms.TypedChoiceField(
        label=_("From severity"), choices=Severity.choices, coerce=int, initial=Severity.HIGH.value
    )
