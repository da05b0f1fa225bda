"""What people fill in about answers."""

from django import forms
from django.utils.translation import gettext_lazy

from apps.conversations.services.feedback import MOST_CHARS


class WordsForm(forms.Form):
    """Why an answer was good or bad, and what would have been right."""

    comment = forms.CharField(label=gettext_lazy("Why?"), max_length=MOST_CHARS, required=False, widget=forms.Textarea)
    correction = forms.CharField(
        label=gettext_lazy("What would have been right?"),
        max_length=MOST_CHARS,
        required=False,
        widget=forms.Textarea,
    )
