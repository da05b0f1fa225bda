"""What people fill in about how agents answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.models import Agent, Personality, Rule, RuleSet
from apps.agents.services.studio import ICONS
from apps.agents.types import LEAST_STEPS, MOST_STEPS
from apps.knowledge.models import KnowledgeBase
from apps.prompts.models import Prompt, PromptLabel, PromptVersion
from apps.providers.models import ProviderModel


class WordsField(forms.CharField):
    """Words or phrases with commas or line breaks between them, as a list."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value) or ""
        return [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]


class PersonalityForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    traits = WordsField(
        label=gettext_lazy("Traits"),
        max_length=600,
        required=False,
        help_text=gettext_lazy("With commas between them."),
    )
    tone = forms.CharField(label=gettext_lazy("Tone"), max_length=200, required=False)
    approach = forms.CharField(label=gettext_lazy("Approach"), max_length=2000, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, row: Personality | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in self.base_fields} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})


class RuleSetForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200, required=False)
    guidance = forms.CharField(
        label=gettext_lazy("What the model is told"), max_length=4000, required=False, widget=forms.Textarea
    )

    def __init__(self, *args: Any, row: RuleSet | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in self.base_fields} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})


class RuleForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    stage = forms.ChoiceField(label=gettext_lazy("Looks at"), choices=Rule.Stage.choices)
    mentions = WordsField(
        label=gettext_lazy("When it mentions one of"),
        max_length=8000,
        required=False,
        help_text=gettext_lazy("With commas between them. Empty: always. A star stands for any ending: invest*"),
    )
    unless = WordsField(label=gettext_lazy("Unless it mentions one of"), max_length=8000, required=False)
    action = forms.ChoiceField(label=gettext_lazy("Then"), choices=Rule.Action.choices)
    text = forms.CharField(label=gettext_lazy("Words"), max_length=2000, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, row: Rule | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in self.base_fields} if row else {}
        super().__init__(*args, **{**kwargs, "initial": known})


class LinesField(forms.CharField):
    """A text a line, as a list."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in (super().clean(value) or "").splitlines() if line.strip()]


class AgentForm(forms.Form):
    """What an agent is called, how it looks, what it may search. `user` sees the collections that are offered."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    description = forms.CharField(label=gettext_lazy("What it does, in one sentence"), max_length=200, required=False)
    knowledge_bases = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Collections that it searches"), queryset=KnowledgeBase.objects.none(), required=False
    )
    starters = LinesField(
        label=gettext_lazy("First questions"),
        max_length=1_300,
        required=False,
        help_text=gettext_lazy("One a line, at most six: people choose from them to begin."),
    )
    icon = forms.ChoiceField(label=gettext_lazy("Icon"), choices=list(ICONS.items()))
    tint = forms.ChoiceField(label=gettext_lazy("Colour"), choices=Agent.Tint.choices, required=False)
    max_steps = forms.IntegerField(
        label=gettext_lazy("Most steps in a run"), min_value=LEAST_STEPS, max_value=MOST_STEPS, initial=12
    )

    def __init__(self, *args: Any, user: Any, row: Agent | None = None, **kwargs: Any) -> None:
        known = dict(kwargs.pop("initial", None) or {})
        if row:
            known |= {name: getattr(row, name) for name in self.base_fields if name != "knowledge_bases"}
            known["knowledge_bases"] = [base.pk for base in row.knowledge_bases.all()]
        super().__init__(*args, **{**kwargs, "initial": known})
        self.fields["knowledge_bases"].queryset = KnowledgeBase.objects.visible_to(user)  # type: ignore[attr-defined]
        if row and row.icon not in ICONS:
            self.fields["icon"].choices = [(row.icon, row.icon), *self.fields["icon"].choices]  # type: ignore[attr-defined]


class BehaviourForm(forms.Form):
    """How an agent answers. `use` names a prompt's label or version as `<prompt>:<label>` or `<prompt>:<number>`."""

    use = forms.ChoiceField(label=gettext_lazy("Prompt"), required=False)
    fill_in = forms.ChoiceField(
        label=gettext_lazy("Form"),
        required=False,
        help_text=gettext_lazy("A prompt whose variables people fill in; the text it comes to is the question."),
    )
    instructions = forms.CharField(
        label=gettext_lazy("Instructions"),
        max_length=40_000,
        required=False,
        widget=forms.Textarea,
        help_text=gettext_lazy("What this agent is told by itself; after the prompt, if it has one."),
    )
    personality = forms.ModelChoiceField(
        label=gettext_lazy("Personality"),
        queryset=Personality.objects.none(),
        required=False,
        empty_label=gettext_lazy("None"),
    )
    rule_sets = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Business rules"), queryset=RuleSet.objects.none(), required=False
    )
    model = forms.ModelChoiceField(
        label=gettext_lazy("Model"),
        queryset=ProviderModel.objects.none(),
        required=False,
        empty_label=gettext_lazy("The default model"),
    )

    def __init__(self, *args: Any, agent: Agent, sees_prompts: bool, **kwargs: Any) -> None:
        known = {
            "use": _use_of(agent),
            "fill_in": f"{agent.form_id}:{agent.form_label}" if agent.form_id else "",
            "instructions": agent.instructions,
            "personality": agent.personality_id,
            "rule_sets": [rules.pk for rules in agent.rule_sets.all()],
            "model": agent.model_id,
        }
        super().__init__(*args, **{**kwargs, "initial": known})
        querysets = {
            "personality": Personality.objects.all(),
            "rule_sets": RuleSet.objects.all(),
            "model": ProviderModel.objects.for_chat().select_related("provider"),
        }
        for name, queryset in querysets.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        if sees_prompts:
            self.fields["use"].choices = _uses()  # type: ignore[attr-defined]
            self.fields["fill_in"].choices = _forms()  # type: ignore[attr-defined]
            if agent.blueprint:
                self.fields["fill_in"].disabled = True
                self.fields["fill_in"].choices = [("", _("What its blueprint asks for"))]  # type: ignore[attr-defined]
        else:
            del self.fields["use"], self.fields["fill_in"]

    def values(self) -> dict[str, Any]:
        """Return what the service stores, without the values of the prompt."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in ("use", "fill_in")}
        return values | (self.prompt() | self.form() if "use" in self.fields else {})

    def form(self) -> dict[str, Any]:
        """Return which prompt people fill in, and by which label."""
        key, _colon, label = self.cleaned_data["fill_in"].partition(":")
        return {"form": Prompt.objects.filter(pk=key).first() if key else None, "form_label": label}

    def prompt(self) -> dict[str, Any]:
        """Return which prompt was chosen, and by which label or version."""
        key, _colon, place = self.cleaned_data["use"].partition(":")
        prompt = Prompt.objects.filter(pk=key).first() if key else None
        version = PromptVersion.objects.filter(prompt=prompt, number=place).first() if place.isdigit() else None
        return {"prompt": prompt, "prompt_version": version, "prompt_label": "" if version or not prompt else place}


def _use_of(agent: Agent) -> str:
    if agent.prompt is None:
        return ""
    return f"{agent.prompt_id}:{agent.prompt_version.number if agent.prompt_version else agent.prompt_label}"


def _forms() -> list[tuple[str, Any]]:
    """Return every label of every prompt that asks for something."""
    labels = PromptLabel.objects.select_related("prompt", "version").order_by("prompt__name", "name")
    asking = [
        (f"{one.prompt_id}:{one.name}", f"{one.prompt.name} · {one.name}") for one in labels if one.version.declared
    ]
    return [("", _("No form: it is asked in conversations alone")), *asking]


def _uses() -> list[tuple[str, Any]]:
    """Return every label and version of every prompt, as groups of choices; a label that is a number is left out."""
    uses: list[tuple[str, Any]] = [("", _("No prompt: the instructions alone"))]
    for prompt in Prompt.objects.prefetch_related("labels", "versions"):
        labels = [(f"{prompt.pk}:{label.name}", f"{prompt.name} · {label.name}") for label in prompt.labels.all()]
        versions = [(f"{prompt.pk}:{v.number}", f"{prompt.name} · {v.number}") for v in prompt.versions.all()]
        uses += labels + versions
    return uses
