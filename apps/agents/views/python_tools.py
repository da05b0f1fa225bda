"""Pages on which tools are written in Python and tried."""

from typing import Any
from uuid import UUID

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.forms import PythonToolForm
from apps.agents.models import PythonTool
from apps.agents.services import python_tools as services
from apps.core.errors import Conflict, DomainError, InvalidInput, TooManyRequests
from apps.core.permissions import require


@require_GET
def python_tool_list(request: HttpRequest) -> HttpResponse:
    """Every written tool with who has it."""
    require(request.user, services.VIEW)
    rows: list[Any] = list(PythonTool.objects.select_related("written_by"))
    for row in rows:
        row.agents = services.agents_with(row)
    context = {"rows": rows, "may_change": request.user.has_perm(services.CHANGE)}
    return render(request, "agents/python_tool_list.html", context)


@require_http_methods(["GET", "POST"])
def python_tool_new(request: HttpRequest) -> HttpResponse:
    require(request.user, services.CHANGE)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def python_tool_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    return _edit(request, get_object_or_404(PythonTool, pk=pk))


def _edit(request: HttpRequest, row: PythonTool | None) -> HttpResponse:
    form = PythonToolForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_tool(actor=request.user, values=form.cleaned_data, tool=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        else:
            messages.success(request, _("“%(name)s” is saved. Give it to an agent under Tools.") % {"name": saved})
            return redirect("python-tool", saved.pk)
    context = {"form": form, "row": row}
    return render(request, "agents/python_tool_edit.html", context, status=422 if form.errors else 200)


@require_POST
def python_tool_try(request: HttpRequest) -> HttpResponse:
    """Run what stands in the form, with arguments; nothing is kept."""
    context: dict[str, Any] = {"arguments": request.POST.get("arguments", "")}
    status = 200
    try:
        code = request.POST.get("code", "")
        outcome = services.try_tool(actor=request.user, code=code, arguments=context["arguments"])
        value = orjson.dumps(outcome.value, option=orjson.OPT_INDENT_2).decode()
        context |= {"value": value, "printed": outcome.printed}
    except (InvalidInput, TooManyRequests) as error:
        context["problem"], status = error.message, error.status
    return render(request, "agents/_python_try.html", context, status=status)


@require_POST
def python_tool_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    row = get_object_or_404(PythonTool, pk=pk)
    try:
        services.remove_tool(actor=request.user, tool=row)
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("python-tools")
