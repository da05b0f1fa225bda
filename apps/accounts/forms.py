"""What people fill in about members, roles and themselves."""

import zoneinfo
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import IdentityProvider, User
from apps.accounts.roles import RIGHTS
from apps.accounts.scopes import SCOPES
from apps.accounts.services.groups import may_use_right
from apps.accounts.services.members import may_grant
from apps.accounts.services.sharing import Conditions
from apps.accounts.templatetags.roles import role_name
from apps.tenants.models import SupportAccess

Kind = IdentityProvider.Kind


class RoleOrGroupField(forms.ModelChoiceField):
    """One role or group; those of the system in the reader's language."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Group.objects.none(), required=False, **kwargs)

    def offer(self, groups: Sequence[Group] | None = None) -> None:
        """Offer every role and group; called when a form is made, inside the tenant. `groups` are they, read once for many forms."""
        self.queryset = Group.objects.select_related("role").order_by("name")
        if groups is not None:
            words = [(group.pk, role_name(group)) for group in groups]
            self.choices = [("", self.empty_label), *words]

    def label_from_instance(self, obj: Any) -> str:
        return role_name(obj)


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
        groups = (
            Group.objects.exclude(role=None)
            .select_related("role")
            .order_by("pk")
            .prefetch_related("permissions__content_type")
        )
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
        accounts = User.objects.service_accounts().filter(is_active=True)
        if not actor.has_perm("accounts.manage_keys"):
            accounts = accounts.none()
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]


class ServiceAccountForm(RolesForm):
    name = forms.CharField(label=_("Name"), max_length=120)


class RoleForm(forms.Form):
    """A custom role: its name and rights. Those that the actor does not hold are shut."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What it is for"), max_length=200, required=False)
    rights = forms.MultipleChoiceField(label=_("Rights"), choices=tuple(RIGHTS.items()), required=False)

    def __init__(self, *args: Any, actor: Any, held: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held or []
        self.shut = {name for name in RIGHTS if not may_use_right(actor, name)}

    def choices(self) -> list[dict[str, Any]]:
        """Return what the template draws: right, words, whether it is chosen, whether it is shut."""
        chosen = self["rights"].value() or self.held
        return [
            {"name": name, "words": words, "is_chosen": name in chosen, "is_shut": name in self.shut}
            for name, words in RIGHTS.items()
        ]

    def wanted(self) -> list[str]:
        """Return the chosen rights; a shut one stays as it is, for a browser does not send it."""
        return [*self.cleaned_data["rights"], *(name for name in self.held if name in self.shut)]


class GroupForm(forms.Form):
    """A group of people."""

    name = forms.CharField(label=_("Name"), max_length=80)
    members = forms.ModelMultipleChoiceField(
        label=_("Members"), queryset=User.objects.filter(is_active=True), required=False
    )


class ShareForm(forms.Form):
    """Who is given what on an object, until when and under which conditions."""

    to = forms.CharField(label=_("Group, role or person"), max_length=60, required=False)
    email = forms.EmailField(label=_("Or a person’s work e-mail"), required=False)
    level = forms.ChoiceField(label=_("May"))
    expires_on = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    from_hour = forms.IntegerField(label=_("From hour"), min_value=0, max_value=23, required=False)
    until_hour = forms.IntegerField(label=_("Until hour"), min_value=1, max_value=24, required=False)
    on_weekdays = forms.BooleanField(label=_("Monday to Friday alone"), required=False)
    addresses = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        help_text=_("With commas between them; empty: from anywhere."),
    )
    needs_second_factor = forms.BooleanField(label=_("Only signed in with a second factor"), required=False)

    def __init__(self, *args: Any, shared: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = list(shared.LEVELS.items())  # type: ignore[attr-defined]

    def conditions(self) -> Conditions:
        """Return the conditions as the service wants them; a day lasts until its end, in the person's time zone."""
        values = self.cleaned_data
        day = values["expires_on"]
        end = datetime.combine(day + timedelta(days=1), time.min, timezone.get_current_timezone()) if day else None
        return Conditions(
            expires_at=end,
            from_hour=values["from_hour"],
            until_hour=values["until_hour"],
            on_weekdays=values["on_weekdays"],
            addresses=tuple(values["addresses"].split(",")),
            needs_second_factor=values["needs_second_factor"],
        )


class IdentityProviderForm(forms.Form):
    """A provider of single sign-on; which fields there are depends on what it speaks."""

    FIELDS = {
        "oidc": ("name", "server_url", "client_id", "secret"),
        "microsoft": ("name", "server_url", "client_id", "secret"),
        "google": ("name", "client_id", "secret"),
        "github": ("name", "client_id", "secret"),
        "saml": ("name", "entity_id", "sso_url", "certificate"),
    }
    COMMON = ("domains", "creates_accounts", "group_claim", "group_roles", "is_active")

    name = forms.CharField(label=_("Name on the button"), max_length=60)
    server_url = forms.CharField(
        label=_("Issuer"), max_length=300, help_text=_("For example https://login.example.com")
    )
    client_id = forms.CharField(label=_("Client id"), max_length=200)
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput,
        help_text=_("Written, never shown. Leave empty to keep the stored one."),
    )
    entity_id = forms.CharField(label=_("Its entity id"), max_length=300)
    sso_url = forms.URLField(label=_("Its address for sign-in"), assume_scheme="https")
    certificate = forms.CharField(label=_("Its certificate"), max_length=20_000, widget=forms.Textarea)
    domains = forms.CharField(
        label=_("Only addresses of these domains"),
        max_length=2_000,
        required=False,
        help_text=_("With commas between them. Needed for Google and GitHub, where anybody can have an account."),
    )
    creates_accounts = forms.BooleanField(label=_("Make an account at the first sign-in"), required=False, initial=True)
    group_claim = forms.CharField(
        label=_("Claim or attribute with the groups"), max_length=200, required=False, help_text=_("Often: groups")
    )
    group_roles = forms.CharField(
        label=_("Roles by group"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea,
        help_text=_("A line for each group, such as: it-admins = admin. Set anew at each sign-in."),
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, kind: str, row: Any = None, **kwargs: Any) -> None:
        self.kind = kind
        kwargs["initial"] = self._standing(row) if row else {"name": Kind(kind).label}
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - {*self.FIELDS[kind], *self.COMMON}:
            del self.fields[name]
        if kind == "microsoft":
            self.fields["server_url"].label = _("Directory (tenant) id")
            self.fields["server_url"].help_text = ""

    def _standing(self, row: IdentityProvider) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(row, name, None) for name in self.base_fields}
        lines = "\n".join(f"{group} = {role}" for group, role in row.group_roles.items())
        return values | {"domains": ", ".join(row.domains), "group_roles": lines}

    def clean_group_roles(self) -> dict[str, str]:
        roles = {}
        for line in self.cleaned_data["group_roles"].splitlines():
            group, sep, role = line.rpartition("=")
            if line.strip() and not (sep and group.strip() and role.strip()):
                raise forms.ValidationError(_("Write lines like: group = role"))
            if line.strip():
                roles[group.strip()] = role.strip()
        return roles

    def values(self) -> dict[str, Any]:
        """Return the fields as the service takes them."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "secret"}
        return values | {"kind": self.kind, "domains": values["domains"].split(",")}


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


class SupportForm(forms.Form):
    """For what, how long and how far the platform's support is let in."""

    reason = forms.CharField(label=_("What is support to do?"), max_length=300)
    role = forms.ChoiceField(label=_("It may"), choices=SupportAccess.Role.choices)
    hours = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        choices=[(1, _("an hour")), (4, _("4 hours")), (24, _("a day")), (72, _("3 days"))],
        initial=4,
    )
