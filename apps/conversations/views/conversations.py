"""Pages of conversations. Every form works without a script; the socket only makes them quicker."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import may_manage
from apps.agents.models import Agent
from apps.agents.services.routing import best_agent
from apps.conversations import exports, rendering, services
from apps.conversations.branches import siblings_of
from apps.conversations.finding import snippets
from apps.conversations.models import Conversation, Message
from apps.core.errors import Conflict, InvalidInput, TooManyRequests
from apps.core.htmx import page_or_part, refused
from apps.core.models import is_uuid
from apps.projects.models import Project
from apps.projects.services import project_of_key
from apps.tenants.flags import CONVERSATION_SHARING
from apps.tenants.rollout import is_on

PAGE_SIZE = 30
SHOWN_MESSAGES = 100


@require_http_methods(["GET", "POST"])
def conversation_list(request: HttpRequest) -> HttpResponse:
    """GET lists and searches; POST opens a conversation with a first question."""
    if request.method == "POST":
        return _start(request)
    words, is_archive = request.GET.get("q", "").strip(), request.GET.get("archive") == "1"
    whose = request.GET.get("whose", "")
    found = _whose(request.user, whose).select_related("agent", "owner", "project").matching(words)
    found = found.exclude(archived_at=None) if is_archive else found.current()
    project = project_of_key(request.user, request.GET.get("project"))
    found = found.filter(project=project) if project else found
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "is_archive": is_archive, "whose": whose, "project": project}
    page.object_list = list(page.object_list)
    found_at = snippets(page.object_list, words)
    for row in page.object_list:
        row.place = found_at.get(row.pk, "")
    return page_or_part(request, "conversations/conversation_list.html", "conversations/_conversations.html", context)


def _whose(user: Any, whose: str) -> Any:
    if whose == "all" and user.has_perm("conversations.view_conversation"):
        return Conversation.objects.visible_to(user)
    return Conversation.objects.shared_with(user) if whose == "shared" else Conversation.objects.owned_by(user)


def _start(request: HttpRequest) -> HttpResponse:
    text, project = request.POST.get("text", ""), project_of_key(request.user, request.POST.get("project"))
    agent, why = _agent_for(request, request.POST.get("agent", ""), text, project)
    if agent is None:
        return redirect("agents")
    try:
        reply = services.start_conversation(
            actor=request.user, agent=agent, text=text, project=project, chosen_because=why
        )
    except (InvalidInput, Conflict, TooManyRequests) as error:
        context = {"agent": agent, "text": text, "project": project, "error": error}
        return refused(request, "conversations/conversation_new.html", context)
    return redirect("conversation", pk=reply.conversation_id)


def _agent_for(request: HttpRequest, chosen: str, text: str, project: Project | None) -> tuple[Agent | None, str]:
    """Return the chosen agent, or the best one for a question and why it is that."""
    usable = Agent.objects.usable_by(request.user)
    if is_uuid(chosen):
        return get_object_or_404(usable, pk=chosen), ""
    if not text.strip():
        return usable.filter(blueprint="").first() or usable.first(), ""  # one that talks, before those with a form
    choice = best_agent(actor=request.user, text=text, project=project)
    return (choice.agent, choice.why) if choice else (None, "")


@require_GET
def conversation_save(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """Save a conversation as PDF, Word, Markdown or JSON; who reads that of somebody else gets the citations that they may see."""
    readable = Conversation.objects.visible_to(request.user).select_related("agent", "owner", "project")
    found = get_object_or_404(readable, pk=pk)
    services.look_at(actor=request.user, conversation=found)
    rows = exports.messages_of(found)
    documents = None if found.owner_id == request.user.pk else rendering.readable_documents(request.user, rows)
    made = exports.file_of(actor=request.user, conversation=found, kind=kind, messages=rows, documents=documents)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.data, content_type=made.media_type, headers=headers)


@require_GET
def conversation_new(request: HttpRequest) -> HttpResponse:
    text, project = request.GET.get("q", ""), project_of_key(request.user, request.GET.get("project"))
    agent, _why = _agent_for(request, request.GET.get("agent", ""), text, project)
    if agent is None:
        return redirect("agents")
    context = {"agent": agent, "text": text, "project": project}
    return render(request, "conversations/conversation_new.html", context)


@require_GET
def conversation_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Its owner writes in it; whoever it is shared with reads it."""
    found = get_object_or_404(
        Conversation.objects.visible_to(request.user).select_related("agent", "owner", "project"), pk=pk
    )
    if services.look_at(actor=request.user, conversation=found):
        context = {
            **_detail_context(found, viewer=request.user),
            "can_share": is_on(CONVERSATION_SHARING, request.user),
        }
        return render(request, "conversations/conversation_detail.html", context)
    context = {**_detail_context(found), "can_share": may_manage(request.user, found)}
    sources = rendering.sources_for(request.user, [entry["message"] for entry in context["entries"]])
    context["answers"] = [{**entry, "sources": sources[entry["message"].pk]} for entry in context["entries"]]
    return render(request, "conversations/conversation_shared.html", context)


def _mine(request: HttpRequest, pk: UUID) -> Conversation:
    return get_object_or_404(Conversation.objects.owned_by(request.user).select_related("agent", "project"), pk=pk)


def _detail_context(conversation: Conversation, *, viewer: Any = None) -> dict[str, Any]:
    rows = conversation.messages.shown().select_related("run", "conversation__agent", "feedback")
    rows = rows.prefetch_related(
        "run__events", "run__family_approvals__votes", "run__family_approvals__run__agent", "citations"
    )
    newest = list(rows.reverse()[: SHOWN_MESSAGES + 1])
    shown = newest[:SHOWN_MESSAGES][::-1]
    versions = siblings_of(shown)
    entries = [rendering.message_context(message, versions[message.pk], viewer=viewer) for message in shown]
    answers = [message for message in shown if message.role == Message.Role.ASSISTANT]
    return {
        "conversation": conversation,
        "project": conversation.project,
        "agent": conversation.agent,
        "entries": entries,
        "has_more": len(newest) > SHOWN_MESSAGES,
        "is_open": any(entry["is_open"] for entry in entries),
        "sources": rendering.source_rows(answers[-1]) if answers else [],
        "sources_of": answers[-1] if answers else None,
    }


@require_GET
def message_sources(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """The entries of the sources panel for one answer."""
    message = get_object_or_404(_mine(request, pk).messages.select_related("run"), pk=message_pk)
    return render(request, "components/sources.html", {"sources": rendering.source_rows(message)})


@require_POST
def message_send(request: HttpRequest, pk: UUID) -> HttpResponse:
    conversation = _mine(request, pk)
    text = request.POST.get("text", "")
    try:
        services.send_message(actor=request.user, conversation=conversation, text=text)
    except (InvalidInput, Conflict, TooManyRequests) as error:
        context = {**_detail_context(conversation, viewer=request.user), "text": text, "error": error}
        return refused(request, "conversations/conversation_detail.html", context)
    return redirect("conversation", pk=pk)


@require_POST
def answer_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    services.stop_answer(actor=request.user, conversation=_mine(request, pk))
    return redirect("conversation", pk=pk)


@require_POST
def answer_again(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    conversation = _mine(request, pk)
    message = get_object_or_404(conversation.messages, pk=message_pk)
    services.answer_again(actor=request.user, conversation=conversation, message=message)
    return redirect("conversation", pk=pk)


@require_http_methods(["GET", "POST"])
def message_edit(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """GET shows a former message in a form of its own (the way without a script); POST sends it changed, as a branch."""
    conversation = _mine(request, pk)
    message = get_object_or_404(conversation.messages.filter(role=Message.Role.USER), pk=message_pk)
    context: dict[str, Any] = {"conversation": conversation, "message": message, "text": message.text}
    if request.method == "GET":
        return render(request, "conversations/message_edit.html", context)
    text = request.POST.get("text", "")
    try:
        services.send_message(actor=request.user, conversation=conversation, text=text, replaces=message)
    except (InvalidInput, Conflict, TooManyRequests) as error:
        context |= {"text": text, "error": error}
        return refused(request, "conversations/message_edit.html", context)
    return redirect("conversation", pk=pk)


@require_POST
def message_show(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Show the branch through a message."""
    conversation = _mine(request, pk)
    message = get_object_or_404(conversation.messages, pk=message_pk)
    services.show_branch(conversation=conversation, message=message)
    return redirect("conversation", pk=pk)


@require_POST
def conversation_rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    conversation = _mine(request, pk)
    try:
        services.rename_conversation(actor=request.user, conversation=conversation, title=request.POST.get("title", ""))
    except InvalidInput as error:
        messages.error(request, str(error.message))
    return redirect("conversation", pk=pk)


@require_POST
def conversation_archive(request: HttpRequest, pk: UUID) -> HttpResponse:
    conversation = _mine(request, pk)
    is_archived = request.POST.get("undo") != "1"
    services.archive_conversation(actor=request.user, conversation=conversation, is_archived=is_archived)
    if not is_archived:
        return redirect("conversation", pk=pk)
    messages.success(
        request, _("“%(title)s” is archived.") % {"title": conversation.title}, extra_tags=f"undo:{conversation.pk}"
    )
    return redirect("conversations")
