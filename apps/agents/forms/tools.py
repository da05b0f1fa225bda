"""A form for each tool that an agent could have, and one for the arguments of a call that waits."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.forms import RoleOrGroupField
from apps.agents.forms.behaviour import WordsField
from apps.agents.models import Agent, ToolGrant
from apps.agents.services.tools import Offer
from apps.agents.tools.base import Tool

LONG_CHARS = 200


class ToolForm(forms.Form):
    """Whether an agent has a tool, and who is asked before. Fields that the tool does not take are left out."""

    is_given = forms.BooleanField(label=gettext_lazy("May use it"), required=False)
    consent = forms.ChoiceField(
        label=gettext_lazy("Asks before"), choices=ToolGrant.Consent.choices, initial="by_risk", required=False
    )
    approvers = RoleOrGroupField(
        label=gettext_lazy("Who decides"),
        empty_label=gettext_lazy("Whoever asked the agent"),
        help_text=gettext_lazy("Those of a role or group decide instead, and never who asked."),
    )
    second_field = forms.ChoiceField(label=gettext_lazy("A second person above this argument"), required=False)
    second_above = forms.DecimalField(label=gettext_lazy("Above"), required=False, max_digits=20, decimal_places=4)
    hosts = WordsField(
        label=gettext_lazy("Hosts"),
        max_length=4000,
        required=False,
        help_text=gettext_lazy(
            "Like example.com, with commas between them: read without asking even after it has read your documents."
        ),
    )
    colleagues = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Agents that it may ask"), queryset=Agent.objects.none(), required=False
    )

    def __init__(
        self, offer: Offer, *, user: Any, agent: Agent, data: Any = None, groups: Sequence[Group] | None = None
    ) -> None:
        super().__init__(data, prefix=offer.key, initial=_known(offer))
        self.offer = offer
        self.fields["approvers"].offer(groups)  # type: ignore[attr-defined]
        amounts = [("", _("Nobody else")), *((name, name) for name in offer.amounts)]
        self.fields["second_field"].choices = amounts  # type: ignore[attr-defined]
        self.fields["colleagues"].queryset = Agent.objects.usable_by(user).exclude(pk=agent.published_id)  # type: ignore[attr-defined]
        unwanted = [name for name in ("hosts", "colleagues") if offer.tool.takes != name]
        for name in [*unwanted, *([] if offer.amounts else ["second_field", "second_above"])]:
            del self.fields[name]

    def entry(self) -> dict[str, Any]:
        """Return what was filled in, as set_tools() takes it."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "is_given"}
        return values | {"tool": self.offer.key, "consent": values["consent"] or ToolGrant.Consent.BY_RISK}


def _known(offer: Offer) -> dict[str, Any]:
    grant = offer.grant
    if grant is None:
        return {}
    values = {name: getattr(grant, name) for name in ("consent", "second_field", "second_above", "hosts")}
    values |= {"is_given": True, "approvers": grant.approvers_id}
    return values | {"colleagues": [agent.pk for agent in grant.colleagues.all()]}


def tool_forms(offers: Sequence[Offer], *, user: Any, agent: Agent, data: Any = None) -> list[ToolForm]:
    """Return a form for each tool on offer."""
    groups = list(Group.objects.select_related("role").order_by("name"))
    return [ToolForm(offer, user=user, agent=agent, data=data, groups=groups) for offer in offers]


class ArgumentsForm(forms.Form):
    """The arguments of a tool call, a field for each that its schema names; what is no plain value is JSON."""

    def __init__(self, tool: Tool, arguments: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data, prefix="arg")
        self.schemas: dict[str, Any] = tool.spec.parameters.get("properties", {})
        needed = tool.spec.parameters.get("required", ())
        for name, schema in self.schemas.items():
            self.fields[name] = _field(name, schema, is_needed=name in needed)
            self.initial[name] = _shown(arguments.get(name), schema)

    def values(self) -> dict[str, Any]:
        """Return the arguments; what was left empty and need not be there is not."""
        found = {}
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            if value not in (None, "", []) or (field.required and self.schemas[name].get("type") == "string"):
                found[name] = value
        return found


def _field(name: str, schema: Mapping[str, Any], *, is_needed: bool) -> forms.Field:
    kind, options = (
        schema.get("type"),
        {"label": name, "required": is_needed, "help_text": schema.get("description", "")},
    )
    if "enum" in schema and all(isinstance(each, str) for each in schema["enum"]):
        choices = [(each, each) for each in schema["enum"]]
        return forms.ChoiceField(choices=choices if is_needed else [("", "–"), *choices], **options)
    if kind == "string":
        most = schema.get("maxLength")
        is_long = most is None or most > LONG_CHARS
        return forms.CharField(max_length=most, strip=False, widget=forms.Textarea if is_long else None, **options)
    if kind == "boolean":
        return forms.BooleanField(**{**options, "required": False})
    if _is_lines(schema):
        return LinesField(**options)
    numbers = {"integer": forms.IntegerField, "number": forms.FloatField}
    return numbers[kind](**options) if kind in numbers else forms.JSONField(widget=forms.Textarea, **options)


def _is_lines(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" and schema.get("items", {}).get("type") == "string"


class LinesField(forms.CharField):
    """Some lines of text, as a list."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


def _shown(value: Any, schema: Mapping[str, Any]) -> Any:
    is_plain = schema.get("type") in ("string", "integer", "number", "boolean") or "enum" in schema
    return value if value is None or is_plain else json.loads(json.dumps(value))
