"""What people fill in about documents."""

from django import forms
from django.utils.translation import gettext_lazy


class PasteForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("Text"),
        widget=forms.Textarea,
        help_text=gettext_lazy("Lines that begin with # are headings, which answers name."),
    )
