"""Messages in Django admin: what was sent to whom and what could not be, never what it says."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.admin import ReadOnlyAdmin
from apps.jobs import services as jobs
from apps.mails.models import OutgoingMail
from apps.mails.sending import SEND


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    list_display = ("subject", "recipients", "state", "created_at", "sent_at", "error")
    list_filter = ("state", "created_at")
    search_fields = ("subject",)
    fields = ("subject", "to", "state", "error", "created_at", "sent_at")
    actions = ("send_again",)

    @admin.display(description=_("to"))
    def recipients(self, mail: OutgoingMail) -> str:
        return ", ".join(mail.to)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        by_address = queryset.filter(to__icontains=search_term) if search_term else queryset.none()
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return found | by_address, may_repeat

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mails.send_outgoingmail")

    @admin.action(description=_("Send again what was not sent"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        failed = queryset.filter(state=OutgoingMail.State.FAILED)
        for mail in failed:
            jobs.revive(actor=request.user, object_id=mail.pk, kind=SEND)
        count = failed.update(state=OutgoingMail.State.QUEUED, error="")
        words = ngettext("%(n)d message is on its way again.", "%(n)d messages are on their way again.", count)
        messages.info(request, words % {"n": count})
