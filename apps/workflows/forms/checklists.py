"""What is filled in about something that is to be done."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ItemForm(forms.Form):
    """Something to be done; what the fields may hold is checked by services.checklists."""

    title = forms.CharField(label=_("What is to be done"), max_length=200)
    due = forms.DateField(label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}))
    assignee = forms.EmailField(
        label=_("Whose it is"), required=False, help_text=_("The address of a member; they are reminded.")
    )
    who = forms.CharField(
        label=_("Who, in words"), max_length=120, required=False, help_text=_("For whom is no member.")
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    @classmethod
    def of(cls, item: Any, data: Any = None) -> "ItemForm":
        """Return the form filled in with what there is."""
        known = {name: getattr(item, name) for name in ("title", "due", "who", "note")} if item else {}
        if item and item.assignee:
            known["assignee"] = item.assignee.email
        return cls(data, initial=known)
