"""What people fill in about members, roles and themselves."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.scopes import SCOPES
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
        groups = Group.objects.select_related("role").order_by("pk").prefetch_related("permissions__content_type")
        field.queryset = groups  # type: ignore[attr-defined]
        self.shut = {group.pk for group in groups if not may_grant(actor, group)}

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


class KeyForm(forms.Form):
    """A new API key; whose it is can be chosen by whoever looks after service accounts."""

    LIVES = ((30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("until it is revoked")))

    name = forms.CharField(label=_("Name"), max_length=80)
    account = forms.ModelChoiceField(label=_("Account"), queryset=User.objects.none(), required=False)
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=tuple(SCOPES.items()), required=False)
    addresses = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        help_text=_("With commas between them; empty: from anywhere."),
    )
    must_sign = forms.BooleanField(label=_("Requests must be signed"), required=False)
    life = forms.TypedChoiceField(label=_("Valid for"), choices=LIVES, coerce=int, initial=90)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = User.objects.filter(is_service=True, is_active=True)
        if not actor.has_perm("accounts.manage_keys"):
            accounts = accounts.none()
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]


class ServiceAccountForm(RolesForm):
    name = forms.CharField(label=_("Name"), max_length=120)


class AddressForm(forms.Form):
    email = forms.EmailField(label=_("Work e-mail"))


class ProfileForm(forms.Form):
    """What people change about themselves."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser")), *settings.LANGUAGES], required=False
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(zone, zone) for zone in sorted(zoneinfo.available_timezones())]
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)
