"""A form for variables as a page gets it: what was written, and the uploads among it kept, named by their keys."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from apps.agents.models import FormFile
from apps.agents.services import files
from apps.core.errors import DomainError, InvalidInput, TooLarge, Unavailable
from apps.core.models import is_uuid
from apps.prompts.forms import KeptFileInput, ValuesForm
from apps.prompts.templating import require_fewer
from apps.prompts.types import Variable


def sent_values(request: HttpRequest, variables: Sequence[Variable]) -> tuple[Any, dict[str, DomainError]]:
    """Return what was sent, each file kept and named by its key, and the errors of those that could not be."""
    data, refused = request.POST.copy(), dict[str, DomainError]()
    for variable in variables:
        uploads = request.FILES.getlist(f"values-{variable.name}") if variable.takes_files else []
        if not uploads:
            continue
        try:
            require_fewer(variable, len(uploads), variable.name)
            kept = [str(files.keep_file(actor=request.user, upload=upload).pk) for upload in uploads]
            data[f"values-{variable.name}"] = ",".join(kept)
        except (InvalidInput, TooLarge, Unavailable) as error:
            refused[variable.name] = error
    return data, refused


def show_kept(request: HttpRequest, form: ValuesForm) -> None:
    """Have a form show the names of the person's files that it holds."""
    filled = [str(form[name].value()) for name, field in form.fields.items() if isinstance(field.widget, KeptFileInput)]
    keys = [key for value in filled for key in value.split(",")]
    found = FormFile.objects.filter(pk__in=[key for key in keys if is_uuid(key)], uploaded_by_id=request.user.pk)
    form.show_files({str(file.pk): file.name for file in found})


def blame(form: ValuesForm, error: DomainError) -> None:
    """Show an error of the service at the variable that it names."""
    kind, _dot, name = error.field.partition(".")
    form.add_error(name if kind == "values" and name in form.fields else None, str(error.message))
