"""Providers and models in Django admin; a key can be written and never read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.audit.admin import AuditedAdmin
from apps.core.errors import InvalidInput
from apps.core.http import check_url
from apps.providers import breaker, services
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import kinds


class ProviderForm(forms.ModelForm):
    kind = forms.ChoiceField(label=_("Kind"))
    base_url = forms.URLField(
        label=_("Address"), required=False, assume_scheme="http", help_text=_("Empty: where the kind usually is.")
    )
    api_key = forms.CharField(
        label=_("Key"),
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text=_("Written, never shown. Leave empty to keep the stored one."),
    )

    class Meta:
        model = Provider
        fields = ("name", "kind", "base_url", "api_version", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.key, _(kind.words)) for kind in kinds().values()]  # type: ignore[attr-defined]

    def clean_base_url(self) -> str:
        url = self.cleaned_data["base_url"]
        kind = kinds().get(self.cleaned_data.get("kind", ""))
        url = url or (kind.address if kind else "")
        if url:
            try:
                check_url(url)
            except InvalidInput as error:
                raise forms.ValidationError(str(error.message)) from error
        return url

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "base_url" in self.changed_data and self.instance.has_key and not found.get("api_key"):
            self.add_error("api_key", _("The address is another one now: paste the key again."))
        return found


class ProviderModelInline(admin.TabularInline):
    model = ProviderModel
    fields = (
        "name",
        "purpose",
        "is_default",
        "context_tokens",
        "takes_tools",
        "takes_images",
        "takes_schema",
        "fallback",
    )
    readonly_fields = ("purpose",)  # chosen on the page, which asks the model for the size of its vectors
    extra = 0


@admin.register(Provider)
class ProviderAdmin(AuditedAdmin):
    form = ProviderForm
    list_display = ("name", "kind", "base_url", "is_active", "breaker")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "base_url")
    inlines = (ProviderModelInline,)
    actions = ("ask_again",)

    @admin.display(description=_("breaker"))
    def breaker(self, row: Provider) -> str:
        seen = breaker.state_of(row)
        words = {"closed": _("closed"), "open": _("open"), "half_open": _("half-open")}[seen.state]
        return f"{words} ({seen.failures})" if seen.failures else str(words)

    @admin.action(description=_("Close the breaker: ask again at once"), permissions=["change"])
    def ask_again(self, request: HttpRequest, rows: QuerySet[Provider]) -> None:
        for row in rows:
            services.reset_breaker(actor=request.user, provider=row)
        messages.success(request, _("They are asked again from the next question on."))

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        if form.cleaned_data.get("api_key"):
            obj.set_api_key(form.cleaned_data["api_key"])
        super().save_model(request, obj, form, change)


@admin.register(ProviderModel)
class ProviderModelAdmin(AuditedAdmin):
    list_display = (
        "name",
        "provider",
        "purpose",
        "is_default",
        "context_tokens",
        "takes_tools",
        "takes_images",
        "fallback",
    )
    list_filter = ("provider", "purpose")
    search_fields = ("name", "provider__name")
    readonly_fields = ("purpose", "dimensions")
