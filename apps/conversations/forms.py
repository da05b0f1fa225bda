"""What people fill in about answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from apps.conversations.models import Message
from apps.conversations.services.feedback import MOST_CHARS


class WordsForm(forms.Form):
    """Why an answer was good or bad, and what would have been right; it begins with what was said before."""

    comment = forms.CharField(label=gettext_lazy("Why?"), max_length=MOST_CHARS, required=False, widget=forms.Textarea)
    correction = forms.CharField(
        label=gettext_lazy("What would have been right?"),
        max_length=MOST_CHARS,
        required=False,
        widget=forms.Textarea,
    )

    def __init__(self, data: Any = None, *, message: Message) -> None:
        said = getattr(message, "feedback", None)
        initial = {"comment": said.comment, "correction": said.correction} if said else {}
        super().__init__(data, initial=initial, auto_id=f"{message.pk}-%s")
