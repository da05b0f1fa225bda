"""Forms of the page on which workflows are written: a form for each kind of step, and for what is asked at the start."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from apps.prompts.forms import KIND_WORDS
from apps.prompts.types import Variable
from apps.workflows.flows.checking import Worker
from apps.workflows.flows.shapes import Shape, paths_of
from apps.workflows.flows.steps import (
    MOST_CHOICES,
    MOST_LANES,
    MOST_ROUNDS,
    AgentStep,
    BranchStep,
    Condition,
    Input,
    LoopStep,
    ParallelStep,
    PersonStep,
)

KINDS = (
    ("agent", _("An agent works"), _("It is asked with what came before.")),
    ("person", _("A person decides"), _("They read what came before, and choose.")),
    ("branch", _("Either, or"), _("What came before decides which steps follow.")),
    ("parallel", _("Beside each other"), _("Several lanes at the same time.")),
    ("loop", _("Again"), _("The same steps until something holds.")),
)
TESTS = (
    ("equals", _("is")),
    ("differs", _("is not")),
    ("contains", _("contains")),
    ("above", _("is above")),
    ("below", _("is below")),
    ("empty", _("is empty")),
    ("filled", _("is not empty")),
)
INPUT_KINDS = (*KIND_WORDS, ("file", _("File")), ("files", _("Files")))


class WorkflowForm(forms.Form):
    """A workflow without its steps."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What it does, in one sentence"), max_length=200, required=False)


class SettingsForm(WorkflowForm):
    """What a workflow is called, what comes of it, and whether it can be started."""

    result = forms.CharField(
        label=_("Result"),
        max_length=8_000,
        required=False,
        widget=forms.Textarea(),
        help_text=_("Text with places of the steps. Empty: what the last agent answered."),
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False)


class InputForm(forms.Form):
    """Something that is filled in at the start; the name is made of the label and stays."""

    label = forms.CharField(label=_("What it is called"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=INPUT_KINDS)
    help = forms.CharField(label=_("What to write there"), max_length=200, required=False)
    default = forms.CharField(label=_("Without a value"), max_length=500, required=False)
    choices = forms.CharField(
        label=_("Choices"), max_length=1000, required=False, help_text=_("With commas between them.")
    )
    is_required = forms.BooleanField(label=_("Has to be filled in"), required=False, initial=True)

    def asked(self, name: str) -> Input | None:
        """Return what was filled in; None with the errors shown where it does not fit."""
        values = self.cleaned_data | {"name": name, "choices": _parts(self.cleaned_data["choices"])}
        if values["kind"] == "choice" and len(values["choices"]) < 2:
            self.add_error("choices", str(_("Write two choices or more, with commas between them.")))
            return None
        return _made(self, Input, values)


class StepForm(forms.Form):
    """What every step has. Subclasses name the `model` that they make, and what they show of one that is there."""

    model: ClassVar[Any]
    title = forms.CharField(label=_("What it is called"), max_length=80)

    def __init__(self, data: Any = None, *, step: Any = None, scope: Mapping[str, Shape] | None = None) -> None:
        super().__init__(data, initial=self.shown(step) if step is not None else {})
        self.scope = scope or {}

    def shown(self, step: Any) -> dict[str, Any]:
        """Return what stands in the form for a step that is there."""
        return {"title": step.words}

    def values(self) -> dict[str, Any]:
        """Return the fields of the step besides its name and its lanes."""
        return {"title": self.cleaned_data["title"]}

    def step(self, name: str, known: Any = None) -> Any:
        """Return the step that was filled in, with the lanes of the one that it replaces; None with the errors shown."""
        kept = {"lanes": known.lanes} if known is not None and hasattr(known, "lanes") else {}
        return _made(self, self.model, kept | self.values() | {"name": name})


class AgentStepForm(StepForm):
    """Which agent (chosen before) is asked what."""

    model = AgentStep

    def __init__(
        self, data: Any = None, *, worker: Worker, agent: Any, step: Any = None, scope: Mapping[str, Shape]
    ) -> None:
        self.agent, self.worker = agent, worker
        super().__init__(data, step=step, scope=scope)
        for variable in worker.asks:
            self.fields[f"values-{variable.name}"] = _value_field(variable, scope)
        self.initial.setdefault("title", worker.name)

    def shown(self, step: Any) -> dict[str, Any]:
        return super().shown(step) | {f"values-{name}": text for name, text in step.values.items()}

    def values(self) -> dict[str, Any]:
        written = {each.name: self.cleaned_data[f"values-{each.name}"] for each in self.worker.asks}
        return super().values() | {"agent": self.agent.pk, "values": {k: v for k, v in written.items() if v}}


class PersonStepForm(StepForm):
    """What somebody decides."""

    model = PersonStep
    text = forms.CharField(label=_("What they read"), max_length=8_000, widget=forms.Textarea())
    choices = forms.CharField(
        label=_("What they choose from"), max_length=400, help_text=_("With commas between them."), initial=_("Approve, Decline")
    )  # fmt: skip
    group = forms.TypedChoiceField(
        label=_("Who decides"),
        required=False,
        coerce=int,
        empty_value=0,  # type: ignore[arg-type]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Group.objects.order_by("name").values_list("pk", "name")
        self.fields["group"].choices = [("", _("Whoever started it")), *groups]  # type: ignore[attr-defined]

    def shown(self, step: Any) -> dict[str, Any]:
        return super().shown(step) | {"text": step.text, "choices": ", ".join(step.choices), "group": step.group or ""}

    def clean_choices(self) -> tuple[str, ...]:
        found = _parts(self.cleaned_data["choices"])
        if not 0 < len(found) <= MOST_CHOICES:
            raise forms.ValidationError(_("Write 1 to %(n)d choices."), params={"n": MOST_CHOICES})
        return found

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "text", "choices", "group")}


class _ConditionForm(StepForm):
    """What is looked at: a place, and what it is held against."""

    field: ClassVar[str]
    place = forms.ChoiceField(label=_("What is looked at"), required=False)
    test = forms.ChoiceField(label=_("Holds when it"), choices=TESTS)
    value = forms.CharField(label=_("This value"), max_length=500, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.initial.get("place", "")
        paths = paths_of(self.scope)
        paths = paths if not known or known in paths else [known, *paths]
        self.fields["place"].choices = [("", "–"), *((path, path) for path in paths)]  # type: ignore[attr-defined]

    def shown(self, step: Any) -> dict[str, Any]:
        return super().shown(step) | getattr(step, self.field).model_dump()

    def values(self) -> dict[str, Any]:
        condition = Condition(**{name: self.cleaned_data[name] for name in ("place", "test", "value")})
        return super().values() | {self.field: condition}


class BranchStepForm(_ConditionForm):
    """Which lane follows."""

    model, field = BranchStep, "condition"


class LoopStepForm(_ConditionForm):
    """When it is enough."""

    model, field = LoopStep, "until"
    most = forms.IntegerField(label=_("Rounds at most"), min_value=1, max_value=MOST_ROUNDS, initial=3)

    def shown(self, step: Any) -> dict[str, Any]:
        return super().shown(step) | {"most": step.most}

    def values(self) -> dict[str, Any]:
        return super().values() | {"most": self.cleaned_data["most"]}


class ParallelStepForm(StepForm):
    """How many lanes there are; one that holds steps is not taken away."""

    model = ParallelStep
    lanes = forms.IntegerField(label=_("Lanes"), min_value=2, max_value=MOST_LANES, initial=2)

    def shown(self, step: Any) -> dict[str, Any]:
        return super().shown(step) | {"lanes": len(step.lanes)}

    def step(self, name: str, known: Any = None) -> Any:
        lanes = list(known.lanes) if known is not None else []
        while len(lanes) > self.cleaned_data["lanes"] and not lanes[-1]:
            lanes.pop()
        if len(lanes) > self.cleaned_data["lanes"]:
            self.add_error("lanes", str(_("The last lane holds steps. Move or remove them first.")))
            return None
        lanes += [()] * (self.cleaned_data["lanes"] - len(lanes))
        return ParallelStep(name=name, title=self.cleaned_data["title"], lanes=tuple(lanes))


FORMS: dict[str, Any] = {
    "person": PersonStepForm,
    "branch": BranchStepForm,
    "loop": LoopStepForm,
    "parallel": ParallelStepForm,
}
"""The forms of steps by their kind, but for agents'."""


class DecisionForm(forms.Form):
    """What somebody says to what a workflow waits for; the choice is the button that they press."""

    comment = forms.CharField(label=_("Comment (optional)"), max_length=2_000, required=False, widget=forms.Textarea())


def _value_field(variable: Variable, scope: Mapping[str, Shape]) -> forms.Field:
    about: dict[str, Any] = {"label": variable.title, "required": False, "help_text": variable.help}
    if variable.takes_files:
        files = [name for name, shape in scope.items() if shape.kind in ("file", variable.kind)]
        if not files:
            about["help_text"] = _("Have a file asked for at the start first.")
        choices = [("", "–"), *((f"{{{{ {name} }}}}", name) for name in files)]
        return forms.ChoiceField(choices=choices, **about)
    is_long = variable.kind in ("long_text", "text")
    field = forms.CharField(max_length=8_000, widget=forms.Textarea() if is_long else forms.TextInput(), **about)
    if variable.default:
        field.help_text = _("Without a value: %(default)s") % {"default": variable.default}
    elif variable.kind == "choice":
        field.help_text = _("One of: %(choices)s") % {"choices": ", ".join(variable.choices)}
    return field


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _made(form: forms.Form, model: Any, values: Mapping[str, Any]) -> Any:
    """Return what a model makes of values; None with its errors shown at the fields."""
    try:
        return model(**values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            form.add_error(name if name in form.fields else None, each["msg"])
        return None
