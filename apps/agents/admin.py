"""Agents and runs in Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import grant_inlines
from apps.agents.events import agent_changing
from apps.agents.models import (
    Agent,
    AgentVersion,
    Approval,
    Fact,
    FormFile,
    Personality,
    PythonTool,
    Rule,
    RuleSet,
    Run,
    RunEvent,
    StandingConsent,
    ToolGrant,
    Vote,
)
from apps.agents.services import versions
from apps.audit.admin import AuditedAdmin
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Conflict


class ShownInline(admin.TabularInline):
    """Rows that come about elsewhere."""

    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ToolGrantInline(ShownInline):
    """What the agent may use; it is given on the agent's page, which checks it against the tool."""

    model = ToolGrant
    fk_name = "agent"
    fields = ("tool", "consent", "approvers", "second_field", "second_above", "hosts")


class AgentVersionInline(ShownInline):
    """What the agent was; it goes back to one on its page."""

    model = AgentVersion
    fields = ("number", "note", "written_by", "created_at")
    readonly_fields = ("created_at",)


class AgentForm(forms.ModelForm):
    """An agent's fields; what it is does not change where something guards it."""

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk and set(self.changed_data) & {*versions.PLAIN, *versions.SINGLE, *versions.SEVERAL}:
            try:
                agent_changing.send(sender=Agent, agent=self.instance)
            except Conflict as error:
                raise ValidationError(str(error.message)) from error
        return super().clean()


@admin.register(Agent)
class AgentAdmin(AuditedAdmin):
    form = AgentForm
    list_display = ("name", "description", "model", "is_active", "updated_at")
    list_filter = ("is_active",)
    search_fields = ("name", "description")
    filter_horizontal = ("knowledge_bases", "rule_sets")
    exclude = (
        "prompt",
        "prompt_label",
        "prompt_version",
        "prompt_values",
        "form",
        "form_label",
    )  # chosen on the page, which checks the values
    readonly_fields = ("blueprint",)
    inlines = (ToolGrantInline, AgentVersionInline, *grant_inlines(Agent))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        """What is shut is shut in here too; drafts are worked on on their pages."""
        agents: Any = super().get_queryset(request)
        return agents.visible_to(request.user)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        if change and not obj.versions.exists():
            versions.keep(None, obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        versions.keep(request.user, form.instance)


class ShippedAdmin(AuditedAdmin):
    """Rows of which some ship with the product; those are shown and not changed."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.key)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.key)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out deleting many at once, which would not ask for each."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(Personality)
class PersonalityAdmin(ShippedAdmin):
    list_display = ("name", "tone", "key", "updated_at")
    search_fields = ("name", "tone")


@admin.register(PythonTool)
class PythonToolAdmin(ReadOnlyAdmin):
    """Tools that were written; they are changed on their page, which looks at the code."""

    list_display = ("name", "title", "written_by", "updated_at")
    search_fields = ("name", "title", "description")


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin):
    """That agents remember something about people, and not what: that is theirs."""

    list_display = ("person", "noted_by", "created_at")
    exclude = ("text",)


@admin.register(FormFile)
class FormFileAdmin(ReadOnlyAdmin):
    """Files that forms were filled in with; who sees a run with one saves it there."""

    list_display = ("name", "kind", "size_bytes", "uploaded_by", "created_at")
    search_fields = ("name", "uploaded_by__name")
    exclude = ("file",)


class RuleInline(admin.TabularInline):
    model = Rule
    extra = 0


@admin.register(RuleSet)
class RuleSetAdmin(ShippedAdmin):
    list_display = ("name", "description", "key", "updated_at")
    search_fields = ("name", "description")
    inlines = (RuleInline,)


class RunEventInline(ShownInline):
    model = RunEvent
    fields = ("number", "kind", "name", "started_at", "finished_at")


@admin.register(Run)
class RunAdmin(AuditedAdmin):
    list_display = ("title", "agent", "state", "started_by", "created_at")
    list_filter = ("state", "agent", "created_at")
    search_fields = ("title", "question")
    date_hierarchy = "created_at"
    inlines = (RunEventInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class VoteInline(ShownInline):
    model = Vote
    fields = ("name", "is_for", "digest", "created_at")
    readonly_fields = ("created_at",)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """What agents asked; it is decided on its page, by those whose decision it is."""

    list_display = ("title", "run", "state", "why", "approvers_name", "created_at", "decided_at")
    list_filter = ("state", "why", "risk", "created_at")
    search_fields = ("title", "tool", "run__title")
    date_hierarchy = "created_at"
    list_select_related = ("run",)
    inlines = (VoteInline,)


@admin.register(StandingConsent)
class StandingConsentAdmin(AuditedAdmin):
    """Given by each person for themselves; an administrator can end one."""

    list_display = ("person", "agent", "tool", "created_at", "expires_at")
    list_filter = ("tool",)
    search_fields = ("person__name", "agent__name", "tool")
    list_select_related = ("person", "agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
