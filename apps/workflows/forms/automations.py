"""What people fill in about what starts by itself."""

import zoneinfo
from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.integrations.models import Connection
from apps.knowledge.models import KnowledgeBase
from apps.prompts.forms import ValuesForm
from apps.prompts.types import Variable
from apps.workflows.models import Automation
from apps.workflows.timing import cron_of, rhythm_of
from apps.workflows.types import QUESTION, SEND_OUT, Rhythm

EVERY = (
    ("workdays", gettext_lazy("Monday to Friday")),
    ("day", gettext_lazy("Every day")),
    ("week", gettext_lazy("Every week")),
    ("month", gettext_lazy("Every month")),
    ("hour", gettext_lazy("Every hour")),
    ("custom", gettext_lazy("As an expression of cron")),
)
SUNDAY_FIRST = [(number, WEEKDAYS[(number - 1) % 7]) for number in (1, 2, 3, 4, 5, 6, 0)]


class QuestionForm(forms.Form):
    """What an agent without a form is asked; the name of the field is that of the value."""

    question = forms.CharField(label=gettext_lazy("What it is asked"), widget=forms.Textarea, required=False)

    def __init__(self, data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, prefix="values", initial=initial)

    def values(self) -> dict[str, Any]:
        """Return what was written, by the name of the value."""
        return {QUESTION: self.cleaned_data[QUESTION]}


class AutomationForm(forms.Form):
    """When an automation starts and where its result goes; `values()` returns it as the service takes it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("It starts"), choices=Automation.Kind.choices)
    every = forms.ChoiceField(label=gettext_lazy("How often"), choices=EVERY)
    at = forms.TimeField(
        label=gettext_lazy("At"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    weekday = forms.TypedChoiceField(label=gettext_lazy("On"), choices=SUNDAY_FIRST, coerce=int, required=False)
    day = forms.TypedChoiceField(
        label=gettext_lazy("On day"),
        choices=[(number, number) for number in range(1, 29)],
        coerce=int,
        required=False,
    )
    cron = forms.CharField(
        label=gettext_lazy("Expression"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Minute, hour, day, month, weekday: 0 9 L * * is nine o’clock on the last of a month."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(zone, zone) for zone in sorted(zoneinfo.available_timezones())]
    )
    catch_up = forms.ChoiceField(
        label=gettext_lazy("If times were missed"),
        choices=Automation.CatchUp.choices,
        help_text=gettext_lazy("While the platform was away."),
    )
    event = forms.ChoiceField(label=gettext_lazy("What happens"), choices=Automation.Event.choices, required=False)
    collection = forms.ModelChoiceField(
        label=gettext_lazy("In the collection"),
        queryset=KnowledgeBase.objects.none(),
        required=False,
        empty_label=gettext_lazy("Any that you see"),
    )
    connection = forms.ModelChoiceField(
        label=gettext_lazy("In the service"),
        queryset=Connection.objects.none(),
        required=False,
        empty_label=gettext_lazy("Any that agents call for you"),
    )
    to_conversation = forms.BooleanField(label=gettext_lazy("Into a conversation of yours"), required=False)
    recipients = forms.CharField(
        label=gettext_lazy("By e-mail to"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Addresses of members, with commas between them."),
    )
    webhook_url = forms.CharField(
        label=gettext_lazy("To a web address"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("A signed POST request with the result as JSON."),
    )

    TIMES = ("every", "at", "weekday", "day", "cron", "time_zone", "catch_up")
    EVENTS = ("event", "collection", "connection")

    def __init__(self, *args: Any, person: Any, row: Automation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": _known(row, person)})
        bases = KnowledgeBase.objects.visible_to(person)
        self.fields["collection"].queryset = bases  # type: ignore[attr-defined]
        heard = Connection.objects.for_person(person).exclude(hook=None)
        self.fields["connection"].queryset = heard  # type: ignore[attr-defined]
        may_send_out = person.has_perm(SEND_OUT) or (row is not None and row.webhook_url)
        if not may_send_out:
            del self.fields["webhook_url"]

    def clean_recipients(self) -> list[User]:
        written = [part.strip().lower() for part in self.cleaned_data["recipients"].split(",") if part.strip()]
        people = {person.email.lower(): person for person in User.objects.filter(is_active=True)} if written else {}
        for address in written:
            if address not in people:
                raise forms.ValidationError(_("%(address)s is nobody of your organisation.") % {"address": address})
        return [people[address] for address in dict.fromkeys(written)]

    def values(self) -> dict[str, Any]:
        """Return what was filled in, as the service takes it."""
        kept = {name: value for name, value in self.cleaned_data.items() if name not in self.TIMES}
        clock = self.cleaned_data["at"] or time(8)
        about = {name: int(self.cleaned_data[name] or 1) for name in ("weekday", "day")}
        if self.cleaned_data["weekday"] == 0:
            about["weekday"] = 0
        cron = self.cleaned_data["cron"]
        rhythm = Rhythm(self.cleaned_data["every"], clock.hour, clock.minute, **about, cron=cron)
        return kept | {
            "cron": cron_of(rhythm),
            "time_zone": self.cleaned_data["time_zone"],
            "catch_up": self.cleaned_data["catch_up"],
        }

    @property
    def times(self) -> list[forms.BoundField]:
        """The fields about a schedule."""
        return [self[name] for name in self.TIMES]

    @property
    def events(self) -> list[forms.BoundField]:
        """The fields about an event."""
        return [self[name] for name in self.EVENTS]


def _known(row: Automation | None, person: Any) -> dict[str, Any]:
    if row is None:
        clock = {"every": "workdays", "at": "08:00", "weekday": 1, "day": 1}
        return clock | {"time_zone": person.time_zone, "to_conversation": True}
    fields = ("name", "kind", "time_zone", "catch_up", "event", "to_conversation", "webhook_url")
    known = {name: getattr(row, name) for name in fields}
    known |= {"collection": row.collection_id, "connection": row.connection_id}
    known["recipients"] = ", ".join(row.recipients.values_list("email", flat=True))
    rhythm = rhythm_of(row.cron)
    every = rhythm.every if row.cron else "workdays"
    at = f"{rhythm.hour:02}:{rhythm.minute:02}"
    return known | {"every": every, "at": at, "weekday": rhythm.weekday, "day": rhythm.day, "cron": row.cron}


class BatchForm(forms.Form):
    """A table of which each row is asked for."""

    file = forms.FileField(label=gettext_lazy("Table"), help_text=gettext_lazy("CSV, at most 5,000 rows."))


class FilesForm(ValuesForm):
    """Files, each of which is asked for, and what is alike for all of them; the field of the files is `files`."""

    def __init__(self, variables: Sequence[Variable], data: Any = None, uploads: Any = None) -> None:
        self.each = next(variable for variable in variables if variable.kind == "file")
        super().__init__([variable for variable in variables if variable is not self.each], data, takes_files=True)
        self.uploads = uploads

    def shared(self) -> dict[str, Any]:
        """Return what is alike for all, uploads among it, by variable."""
        sent = {name: self.uploads.get(self.add_prefix(name)) for name in self.fields} if self.uploads else {}
        return {name: sent.get(name) or value for name, value in self.values().items()}
