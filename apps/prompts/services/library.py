"""Writing prompts: a first version, further ones, labels that move between them and back."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import Conflict, DomainError, InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require
from apps.prompts import actions
from apps.prompts.models import DRAFT, Prompt, PromptLabel, PromptVersion
from apps.prompts.registry import uses_of
from apps.prompts.templating import checked_text, checked_values, checked_variables
from apps.prompts.types import Variable

VIEW, CHANGE = "prompts.view_prompt", "prompts.change_prompt"


@transaction.atomic
def create_prompt(
    *, actor: Any, name: str, text: str, description: str = "", variables: Sequence[Variable] = (), note: str = ""
) -> Prompt:
    """Write a prompt; its first version is the draft. Raises Forbidden, InvalidInput with the field, Conflict for a taken name."""
    require(actor, CHANGE)
    prompt = Prompt(name=_checked_name(name), description=one_line(description, 200))
    _save(prompt)
    version = _write(actor, prompt, text, variables, note)
    PromptLabel.objects.create(prompt=prompt, name=DRAFT, version=version)
    record(actions.PROMPT_ADDED, actor=actor, target=prompt, after={"text": version.text})
    return prompt


@transaction.atomic
def describe_prompt(*, actor: Any, prompt: Prompt, name: str, description: str) -> Prompt:
    """Rename or describe a prompt; who uses it goes on using it. Raises Forbidden, InvalidInput, Conflict for a taken name."""
    require(actor, CHANGE)
    before = {"name": prompt.name, "description": prompt.description}
    prompt.name, prompt.description = _checked_name(name), one_line(description, 200)
    _save(prompt)
    after = {"name": prompt.name, "description": prompt.description}
    record(actions.PROMPT_CHANGED, actor=actor, target=prompt, before=before, after=after)
    return prompt


@transaction.atomic
def add_version(
    *, actor: Any, prompt: Prompt, text: str, variables: Sequence[Variable] = (), note: str = ""
) -> PromptVersion:
    """Write a further version and put the draft label on it. Raises Forbidden, InvalidInput, Conflict when it says the same."""
    require(actor, CHANGE)
    Prompt.objects.select_for_update().get(pk=prompt.pk)
    latest = prompt.versions.first()
    version = _write(actor, prompt, text, variables, note)
    if latest and (latest.text, latest.declared) == (version.text, version.declared):
        raise Conflict(_("Nothing is different from version %(n)d.") % {"n": latest.number})
    PromptLabel.objects.update_or_create(prompt=prompt, name=DRAFT, defaults={"version": version, "former": latest})
    after = {"number": version.number, "note": version.note, "text": version.text}
    record(actions.PROMPT_VERSION_ADDED, actor=actor, target=prompt, after=after)
    return version


def _write(actor: Any, prompt: Prompt, text: str, variables: Sequence[Variable], note: str) -> PromptVersion:
    text = checked_text(text)
    declared = [variable.as_json() for variable in checked_variables(text, variables)]
    last = prompt.versions.aggregate(last=Max("number"))["last"] or 0
    author = actor if actor is not None and actor.pk else None
    return PromptVersion.objects.create(
        prompt=prompt, number=last + 1, text=text, declared=declared, note=one_line(note, 200), written_by=author
    )


# -- labels --------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_label(*, actor: Any, prompt: Prompt, name: str, version: PromptVersion) -> PromptLabel:
    """Put a label on a version: whoever follows it uses that version from the next run on.

    Raises Forbidden, InvalidInput for a name that is none, Conflict when somebody who follows it could not fill the version in.
    """
    require(actor, CHANGE)
    name = _checked_label(name)
    label = prompt.labels.select_for_update().filter(name=name).first()
    if label and label.version_id == version.pk:
        return label
    require_fitting(prompt, name, version)
    former = label.version if label else None
    label, _made = PromptLabel.objects.update_or_create(
        prompt=prompt, name=name, defaults={"version": version, "former": former}
    )
    before = {"label": name, "version": former.number} if former else None
    record(
        actions.PROMPT_LABEL_SET,
        actor=actor,
        target=prompt,
        before=before,
        after={"label": name, "version": version.number},
    )
    return label


@transaction.atomic
def roll_back(*, actor: Any, label: PromptLabel) -> PromptLabel:
    """Put a label back to where it stood before. Raises Forbidden, Conflict when it never stood elsewhere."""
    require(actor, CHANGE)
    label = (
        PromptLabel.objects.select_for_update(of=("self",))
        .select_related("version", "former", "prompt")
        .get(pk=label.pk)
    )
    if label.former is None:
        raise Conflict(_("This label has not stood on another version."))
    require_fitting(label.prompt, label.name, label.former)
    label.version, label.former = label.former, label.version
    label.save(update_fields=["version", "former", "moved_at"])
    before = {"label": label.name, "version": label.former.number}
    after = {"label": label.name, "version": label.version.number}
    record(actions.PROMPT_ROLLED_BACK, actor=actor, target=label.prompt, before=before, after=after)
    return label


@transaction.atomic
def remove_label(*, actor: Any, label: PromptLabel) -> None:
    """Take a label away. Raises Forbidden, Conflict while somebody follows it."""
    require(actor, CHANGE)
    followers = [use.name for use in uses_of(label.prompt) if use.label == label.name]
    if followers:
        raise Conflict(_("It is followed by: %(names)s.") % {"names": ", ".join(followers)})
    before = {"label": label.name, "version": label.version.number}
    record(actions.PROMPT_LABEL_REMOVED, actor=actor, target=label.prompt, before=before)
    label.delete()


def require_fitting(prompt: Prompt, name: str, version: PromptVersion) -> None:
    """Raise Conflict when somebody who follows the label leaves a variable of this version empty."""
    for use in uses_of(prompt):
        if use.label != name or use.values is None:
            continue
        try:
            checked_values(version.variables, use.values)
        except DomainError as error:
            message = _("“%(name)s” follows this label and cannot fill this version in: %(problem)s")
            raise Conflict(message % {"name": use.name, "problem": error.message}) from error


@transaction.atomic
def remove_prompt(*, actor: Any, prompt: Prompt) -> None:
    """Remove a prompt with all its versions. Raises Forbidden, Conflict while somebody uses it."""
    require(actor, CHANGE)
    users = [use.name for use in uses_of(prompt)]
    if users:
        raise Conflict(_("It is used by: %(names)s.") % {"names": ", ".join(users)})
    record(actions.PROMPT_REMOVED, actor=actor, target=prompt, before={"name": prompt.name})
    prompt.delete()


def _save(prompt: Prompt) -> None:
    try:
        with transaction.atomic():
            prompt.save()
    except IntegrityError as error:
        raise Conflict(_("There is a prompt of this name already.")) from error


def _checked_name(name: str) -> str:
    name = one_line(name, 80)
    if not name:
        raise InvalidInput(_("Give the prompt a name."), field="name")
    return name


def _checked_label(name: str) -> str:
    name = name.strip().lower()
    try:
        validate_slug(name)
    except ValidationError:
        name = ""
    if not name or len(name) > 40:
        raise InvalidInput(_("A label is one word of letters, digits and dashes."), field="label")
    return name
