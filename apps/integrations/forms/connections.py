"""What an administrator fills in about a connection."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import RoleOrGroupField
from apps.integrations.models import Connection

WRITTEN = _("Written, never shown. Leave empty to keep the stored one.")


class ConnectionForm(forms.Form):
    """How a service is found and shown who asks; the secret is written and never shown."""

    kind = forms.ChoiceField(label=_("What it is"), choices=Connection.Kind.choices, initial=Connection.Kind.OPENAPI)
    name = forms.CharField(label=_("Name"), max_length=40, required=False)
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    source_url = forms.CharField(
        label=_("Address of its OpenAPI document, of the MCP server, of Jira, GitHub or GitLab"),
        max_length=300,
        required=False,
        help_text=_("For example https://api.example.com/openapi.json"),
    )
    document = forms.CharField(
        label=_("Or the OpenAPI document itself"),
        max_length=2_000_000,
        required=False,
        widget=forms.Textarea,
        help_text=_("JSON or YAML, OpenAPI 3."),
    )
    base_url = forms.CharField(
        label=_("Address that is called"),
        max_length=300,
        required=False,
        help_text=_("Empty: the one that the document names."),
    )
    auth = forms.ChoiceField(label=_("Signs in with"), choices=Connection.Auth.choices)
    auth_name = forms.CharField(
        label=_("Name of the header, parameter or account"),
        max_length=120,
        required=False,
        help_text=_("With OAuth: the client ID, where the service gave you one; its secret goes below."),
    )
    secret = forms.CharField(label=_("Secret"), max_length=2000, required=False, widget=forms.PasswordInput)
    audience = RoleOrGroupField(
        label=_("For whom agents call it"),
        empty_label=_("Everybody who may ask the agent"),
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, row: Connection | None = None, **kwargs: Any) -> None:
        plain = ("name", "description", "source_url", "base_url", "auth", "auth_name", "is_active")
        known = {name: getattr(row, name) for name in plain} | {"audience": row.audience_id} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})
        self.fields["audience"].offer()  # type: ignore[attr-defined]
        if row:
            del self.fields["document"], self.fields["kind"]
            self.fields["secret"].help_text = WRITTEN if row.has_secret else ""
        else:
            del self.fields["is_active"]
            self.fields["name"].help_text = _("Empty: as the document calls itself.")

    def values(self) -> dict[str, Any]:
        """Return what the service stores, without the secret and the document."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("secret", "document")}
