"""What people fill in about prompts: the text, a form for each of its variables, and the values of a version."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.prompts.templating import MAX_VARIABLES, names_in
from apps.prompts.types import Variable
from apps.providers.models import ProviderModel

KIND_WORDS = (
    ("text", gettext_lazy("Text")),
    ("long_text", gettext_lazy("Long text")),
    ("number", gettext_lazy("Number")),
    ("choice", gettext_lazy("Choice")),
    ("switch", gettext_lazy("Yes or no")),
    ("date", gettext_lazy("Day")),
)


class PromptForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200, required=False)


class VersionForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Text"),
        widget=forms.Textarea,
        help_text=gettext_lazy(
            "Places like {{ product }} become variables. {{ organisation }}, {{ person }}, {{ language }} and {{ today }} are filled in by themselves."
        ),
    )
    note = forms.CharField(label=gettext_lazy("What is new"), max_length=200, required=False)


class VariableForm(forms.Form):
    """What one place of the text takes; its name is the form's."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KIND_WORDS, initial="text")
    help = forms.CharField(label=gettext_lazy("What to write there"), max_length=200, required=False)
    default = forms.CharField(label=gettext_lazy("Without a value"), max_length=500, required=False)
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("With commas between them."),
    )
    is_required = forms.BooleanField(label=gettext_lazy("Has to be filled in"), required=False, initial=True)

    def __init__(self, name: str, known: Variable | None, data: Mapping[str, Any] | None = None) -> None:
        prefix = f"var-{name}"
        is_sent = data is not None and f"{prefix}-kind" in data
        initial = {**vars(known), "choices": ", ".join(known.choices)} if known else {}
        super().__init__(data if is_sent else None, prefix=prefix, initial=initial)
        self.name = name

    def variable(self) -> Variable:
        """Return what was filled in, or what was known where nothing was."""
        if not self.is_bound:
            raw = {field: self.get_initial_for_field(self.fields[field], field) for field in self.fields}
        else:
            raw = {field: self.cleaned_data.get(field) for field in self.fields}
        choices = tuple(dict.fromkeys(part.strip() for part in (raw["choices"] or "").split(",") if part.strip()))
        return Variable(
            self.name, raw["kind"] or "text", raw["help"] or "", raw["default"] or "", bool(raw["is_required"]), choices
        )


def variable_forms(
    text: str, known: Sequence[Variable] = (), data: Mapping[str, Any] | None = None
) -> list[VariableForm]:
    """Return a form for each variable of a text, filled with what was sent or what was known."""
    by_name = {variable.name: variable for variable in known}
    return [VariableForm(name, by_name.get(name), data) for name in names_in(text)[:MAX_VARIABLES]]


class KeptFileInput(forms.FileInput):
    """An upload whose value is the keys of the files that were kept, with commas between them; `kept` is what those are called."""

    allow_multiple_selected = True

    def __init__(self, *, is_many: bool = False) -> None:
        super().__init__()
        self.is_many = is_many
        self.kept: Sequence[str] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class ValuesForm(forms.Form):
    """A field for each variable of a version; the service checks what is written."""

    def __init__(
        self,
        variables: Sequence[Variable],
        data: Any = None,
        *,
        initial: Mapping[str, Any] | None = None,
        takes_files: bool = False,
    ) -> None:
        """Files are asked for by upload where the page `takes_files`, elsewhere by the id of one that was uploaded."""
        super().__init__(data, prefix="values", initial=dict(initial or {}))
        for variable in variables:
            self.fields[variable.name] = _field(variable)
            if variable.takes_files and takes_files:
                self.fields[variable.name].widget = KeptFileInput(is_many=variable.kind == "files")
                self.fields[variable.name].help_text = variable.help

    def show_files(self, names: Mapping[str, str]) -> None:
        """Tell the fields of files what those that they hold are called, by key."""
        for name, field in self.fields.items():
            if isinstance(field.widget, KeptFileInput):
                keys = str(self[name].value() or "").split(",")
                field.widget.kept = [names[key] for key in keys if key in names]

    def values(self) -> dict[str, Any]:
        """Return what was written, by variable."""
        return dict(self.cleaned_data)


def _field(variable: Variable) -> forms.Field:
    about: dict[str, Any] = {
        "label": variable.title,
        "required": False,
        "help_text": variable.help,
    }
    if variable.kind in ("choice", "switch"):
        options = (
            [("yes", _("Yes")), ("no", _("No"))] if variable.kind == "switch" else [(c, c) for c in variable.choices]
        )
        nothing = [("", variable.default or "–")]
        return forms.ChoiceField(choices=nothing + options, **about)
    widgets = {
        "long_text": forms.Textarea(),
        "date": forms.DateInput(attrs={"type": "date"}),
    }
    if variable.takes_files and not variable.help:
        about["help_text"] = _("The id of an uploaded file; several with commas between them.")
    field = forms.CharField(max_length=8_000, widget=widgets.get(variable.kind), **about)
    if variable.default and not variable.help:
        field.help_text = _("Without a value: %(default)s") % {"default": variable.default}
    return field


class TrialForm(forms.Form):
    model = forms.ModelChoiceField(label=gettext_lazy("Model"), queryset=ProviderModel.objects.none(), empty_label=None)
    other = forms.TypedChoiceField(label=gettext_lazy("Beside version"), required=False, coerce=int, empty_value=None)
    question = forms.CharField(label=gettext_lazy("A question to try it with"), max_length=8_000, widget=forms.Textarea)

    def __init__(self, *args: Any, numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = ProviderModel.objects.for_chat().select_related("provider").filter(provider__is_active=True)
        self.fields["model"].queryset = models  # type: ignore[attr-defined]
        self.fields["other"].choices = [("", _("No other version")), *((n, str(n)) for n in numbers)]  # type: ignore[attr-defined]
