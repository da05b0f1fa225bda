"""Providers and models in Django admin; a key can be written and never read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.audit.admin import AuditedAdmin
from apps.core.errors import InvalidInput
from apps.core.http import check_url
from apps.providers.models import Provider, ProviderModel


class ProviderForm(forms.ModelForm):
    base_url = forms.URLField(
        label=_("Address"), required=False, assume_scheme="http", help_text=_("For example http://localhost:11434/v1")
    )
    api_key = forms.CharField(
        label=_("Key"),
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text=_("Written, never shown. Leave empty to keep the stored one."),
    )

    class Meta:
        model = Provider
        fields = ("name", "kind", "base_url", "is_active")

    def clean_base_url(self) -> str:
        url = self.cleaned_data["base_url"]
        if url:
            try:
                check_url(url)
            except InvalidInput as error:
                raise forms.ValidationError(str(error.message)) from error
        return url


class ProviderModelInline(admin.TabularInline):
    model = ProviderModel
    extra = 0


@admin.register(Provider)
class ProviderAdmin(AuditedAdmin):
    form = ProviderForm
    list_display = ("name", "kind", "base_url", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "base_url")
    inlines = (ProviderModelInline,)

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        if form.cleaned_data.get("api_key"):
            obj.set_api_key(form.cleaned_data["api_key"])
        super().save_model(request, obj, form, change)


@admin.register(ProviderModel)
class ProviderModelAdmin(AuditedAdmin):
    list_display = ("name", "provider", "is_default")
    list_filter = ("provider",)
    search_fields = ("name", "provider__name")
