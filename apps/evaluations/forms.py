"""What people fill in about evaluation sets, their cases and experiments."""

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _

from apps.agents import composing
from apps.agents.models import Agent
from apps.evaluations.models import EvaluationCase, EvaluationSet, Experiment, Grader
from apps.evaluations.services.experiments import LIMITS, USUAL
from apps.providers.models import ProviderModel


class SetForm(forms.ModelForm):
    """A set's name and how it is graded."""

    class Meta:
        model = EvaluationSet
        fields = ("name", "description", "is_guard", "tolerance", "judge", "embedder")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, purpose, empty in (
            ("judge", "chat", _("The organisation's default model")),
            ("embedder", "embedding", _("The built-in one, for English")),
        ):
            field: Any = self.fields[name]
            field.queryset = ProviderModel.objects.filter(purpose=purpose, provider__is_active=True)
            field.empty_label = empty
        self.fields["tolerance"].required = False

    def clean_tolerance(self) -> int:
        return self.cleaned_data["tolerance"] or 0


class CaseForm(forms.Form):
    """What is asked, or filled in, and what is expected of the answer."""

    question = forms.CharField(label=_("Question"), widget=forms.Textarea, strip=True)
    grader = forms.ChoiceField(label=_("Graded by"), choices=Grader.choices)
    expected = forms.CharField(label=_("Expected"), widget=forms.Textarea, strip=True)
    threshold = forms.FloatField(label=_("Passes from"), min_value=0, max_value=1, initial=0.8)

    def __init__(self, *args: Any, agent: Agent, row: EvaluationCase | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in ("question", "grader", "expected", "threshold")} if row else {}
        super().__init__(*args, **{**kwargs, "initial": {**known, **(kwargs.get("initial") or {})}})
        form = composing.form_of(agent)
        self.places = [] if form is None else [each for each in form.variables if not each.takes_files]
        if form is not None:
            del self.fields["question"]
        for place in self.places:
            name = f"values.{place.name}"
            self.fields[name] = forms.CharField(label=place.title, required=False, strip=True)
            self.initial[name] = (row.values if row else {}).get(place.name, place.default)

    def asked(self) -> list[forms.BoundField]:
        """Return the fields of the agent's form."""
        return [self[f"values.{place.name}"] for place in self.places]

    def values(self) -> dict[str, Any]:
        """Return what was filled in, as save_case() takes it."""
        given = {name: self.cleaned_data[name] for name in ("grader", "expected", "threshold")}
        if "question" in self.fields:
            return given | {"question": self.cleaned_data["question"]}
        return given | {"values": {place.name: self.cleaned_data[f"values.{place.name}"] for place in self.places}}


class ImportForm(forms.Form):
    """A table of cases."""

    file = forms.FileField(label=_("Table of cases (CSV)"))


class ExperimentForm(forms.Form):
    """What decides an experiment, for how many people and for how long."""

    name = forms.CharField(label=_("Name"), max_length=80)
    goal = forms.ChoiceField(label=_("Decided by"), choices=Experiment.Goal.choices)
    percent = forms.IntegerField(label=_("Percent of the people whom the draft answers"))
    enough = forms.IntegerField(label=_("Answers on each side that are enough"))
    days = forms.IntegerField(label=_("Days at most"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": USUAL})
        for name, (least, most) in LIMITS.items():
            number: Any = self.fields[name]
            number.min_value, number.max_value = least, most
            number.validators += [validators.MinValueValidator(least), validators.MaxValueValidator(most)]
