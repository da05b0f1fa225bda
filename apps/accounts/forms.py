"""What people fill in about members, roles and themselves."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from apps.accounts.services.members import may_grant


class RolesField(forms.ModelMultipleChoiceField):
    """Roles as check boxes."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Group.objects.none(), label=_("Roles"), **kwargs)


class RolesForm(forms.Form):
    """The roles of one person. Those that the actor may not give or take stand there, shut."""

    roles = RolesField(required=False)

    def __init__(self, *args: Any, actor: Any, held: list[Group] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held or []
        field = self.fields["roles"]
        field.queryset = Group.objects.select_related("role").order_by("pk")  # type: ignore[attr-defined]
        self.shut = {group.pk for group in Group.objects.prefetch_related("permissions") if not may_grant(actor, group)}

    def choices(self) -> list[dict[str, Any]]:
        """Return what the template draws: role, whether it is chosen, whether it is shut."""
        chosen = {str(value) for value in self["roles"].value() or [group.pk for group in self.held]}
        groups = self.fields["roles"].queryset  # type: ignore[attr-defined]
        return [
            {"group": group, "is_chosen": str(group.pk) in chosen, "is_shut": group.pk in self.shut} for group in groups
        ]

    def wanted(self) -> list[Group]:
        """Return the chosen roles; a shut one stays as it is, for a browser does not send it."""
        kept = [group for group in self.held if group.pk in self.shut]
        return [*self.cleaned_data["roles"], *kept]


class InvitationForm(RolesForm):
    email = forms.EmailField(label=_("Work e-mail"))


class JoinForm(forms.Form):
    """What somebody with an invitation fills in."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("At least 10 characters."),
        widget=forms.PasswordInput,
    )
