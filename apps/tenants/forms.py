"""What somebody who wants an organisation fills in, and who has a feature."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.core.colours import STANDARD
from apps.tenants import looks


class TenantForm(forms.Form):
    """An organisation and its first person; what the fields may hold is checked by services.request_tenant."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=120)
    slug = forms.CharField(
        label=_("Address"), max_length=40, help_text=_("2 to 40 lower-case letters and digits, starting with a letter.")
    )
    person = forms.CharField(label=_("Your name"), max_length=120)
    email = forms.EmailField(label=_("Work e-mail"))


class SignUpForm(TenantForm):
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("At least 10 characters."),
        widget=forms.PasswordInput,
    )

    @property
    def suffix(self) -> str:
        return f".{settings.PLATFORM_HOST}"


class OperatorTenantForm(TenantForm):
    """For operators: the owner is sent a link to set a password."""

    person = forms.CharField(label=_("Name of the owner"), max_length=120)
    email = forms.EmailField(label=_("E-mail of the owner"))


class LooksForm(forms.Form):
    """How an organisation looks; what the fields may hold is checked by services.change_looks."""

    accent = forms.CharField(
        label=_("Colour"), max_length=7, required=False, help_text=_("White has to be readable on it.")
    )
    logo = forms.FileField(
        label=_("Logo"), required=False, help_text=_("PNG, JPEG or WebP, 1 MB at most. Empty: as it is.")
    )
    mail_sender = forms.CharField(
        label=_("Name of the sender of messages"),
        max_length=60,
        required=False,
        help_text=_("Empty: as the platform is called. The address stays the platform’s."),
    )

    def changes(self, pressed: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be changed: all that was filled in, or one part taken away by its button."""
        if "reset" in pressed:
            return {"accent": ""}
        if "remove" in pressed:
            return {"logo": b""}
        values = dict(self.cleaned_data)
        upload = values.pop("logo")
        if values["accent"].lower() == STANDARD:
            values["accent"] = ""
        return values | ({"logo": upload.read(looks.MOST_BYTES + 1)} if upload else {})


class FeatureForm(forms.Form):
    """Who has one feature."""

    is_on = forms.BooleanField(required=False)
    roles = forms.MultipleChoiceField(required=False)
    percentage = forms.IntegerField(
        label=_("Per cent of the people"), validators=[MinValueValidator(0), MaxValueValidator(100)]
    )

    def __init__(self, *args: Any, roles: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(role, role) for role in roles]  # type: ignore[attr-defined]
