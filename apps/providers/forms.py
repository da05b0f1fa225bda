"""What an administrator fills in about providers and models."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.providers.models import Provider, ProviderModel
from apps.providers.types import Kind


class ProviderForm(forms.Form):
    """A provider of one kind; the key is written and never shown."""

    name = forms.CharField(label=_("Name"), max_length=80)
    base_url = forms.CharField(label=_("Address"), max_length=200)
    api_version = forms.CharField(
        label=_("API version"),
        max_length=40,
        required=False,
        help_text=_("Empty for addresses that end in /openai/v1/."),
    )
    api_key = forms.CharField(label=_("Key"), max_length=1000, required=False, widget=forms.PasswordInput)
    is_active = forms.BooleanField(label=_("Switched on"), required=False)

    def __init__(self, *args: Any, kind: Kind, row: Provider | None, **kwargs: Any) -> None:
        known = {"name": kind.words, "base_url": kind.address, "is_active": True}
        if row:
            known = {name: getattr(row, name) for name in ("name", "base_url", "api_version", "is_active")}
        super().__init__(*args, **{**kwargs, "initial": known})
        self.kind = kind
        self.fields["api_key"].required = kind.needs_key and not (row and row.has_key)
        if row and row.has_key:
            self.fields["api_key"].help_text = _("Written, never shown. Leave empty to keep the stored one.")
        if kind.example:
            self.fields["base_url"].help_text = _("For example %(example)s") % {"example": kind.example}
        if not kind.takes_api_version:
            del self.fields["api_version"]
        if kind.is_built_in:
            del self.fields["base_url"], self.fields["api_key"]

    def values(self) -> dict[str, Any]:
        """Return what the service stores, without the key."""
        return {"kind": self.kind.key} | {k: v for k, v in self.cleaned_data.items() if k != "api_key"}

    def new_key(self) -> str | None:
        """Return the key that was written, None to keep the stored one."""
        return self.cleaned_data.get("api_key") or None


class ModelForm(forms.Form):
    """A model of a provider, and what it can take."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As the provider writes it."))
    purpose = forms.ChoiceField(
        label=_("What it is for"),
        choices=ProviderModel.Purpose.choices,
        required=False,
        help_text=_("A model for embeddings is asked once when it is saved, to learn the size of its vectors."),
    )
    context_tokens = forms.IntegerField(
        label=_("Tokens that it can read"), required=False, min_value=256, max_value=2_000_000_000
    )
    fallback = forms.ModelChoiceField(
        label=_("Asked instead when it fails"),
        queryset=ProviderModel.objects.none(),
        required=False,
        empty_label=_("No other model"),
    )
    takes_tools = forms.BooleanField(label=_("Can call tools"), required=False)
    takes_images = forms.BooleanField(label=_("Sees pictures"), required=False)
    takes_schema = forms.BooleanField(label=_("Keeps to a schema"), required=False)
    is_default = forms.BooleanField(label=_("Answers for agents that name no model"), required=False)

    def __init__(self, *args: Any, row: ProviderModel | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in self.base_fields} if row else {"takes_tools": True}
        super().__init__(*args, **{**kwargs, "initial": known})
        others = ProviderModel.objects.for_chat().select_related("provider")
        self.fields["fallback"].queryset = others.exclude(pk=row.pk) if row else others  # type: ignore[attr-defined]

    def clean_purpose(self) -> str:
        """What nobody chose answers."""
        return self.cleaned_data["purpose"] or ProviderModel.Purpose.CHAT
