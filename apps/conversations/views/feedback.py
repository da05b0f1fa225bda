"""What people say of answers: below an answer, and as a page for those who may change the agent."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.agents.models import Agent, Run
from apps.agents.services.behaviour import require_change
from apps.conversations import rendering
from apps.conversations.forms import WordsForm
from apps.conversations.models import Conversation, Feedback, Message
from apps.conversations.services.feedback import VERDICTS, rate_answer, withdraw_feedback
from apps.core.htmx import is_part_wanted

PAGE_SIZE = 30


@require_POST
def answer_rate(request: HttpRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Say that an answer is good or bad, and perhaps why; any other `verdict` takes back what was said.

    The thumbs send no words: those that were written before stay.
    """
    message = _own_message(request, pk, message_pk)
    verdict, form = VERDICTS.get(request.POST.get("verdict", "")), WordsForm(request.POST, message=message)
    if verdict is None:
        withdraw_feedback(actor=request.user, message=message)
    elif form.is_valid():
        words = form.cleaned_data if "comment" in request.POST else _words_of(message)
        rate_answer(actor=request.user, message=message, is_good=verdict, **words)
    if not is_part_wanted(request):
        for error in form.errors.values():
            messages.error(request, str(error[0]))
        return redirect("conversation", pk=pk)
    context = rendering.message_context(_own_message(request, pk, message_pk))
    context |= {"words": form} if form.errors else {}
    return render(request, "conversations/_message_end.html", context, status=422 if form.errors else 200)


def _words_of(message: Message) -> dict[str, str]:
    said = Feedback.objects.filter(message=message).first()
    return {"comment": said.comment, "correction": said.correction} if said else {}


def _own_message(request: HttpRequest, pk: UUID, message_pk: UUID) -> Message:
    conversation = get_object_or_404(Conversation.objects.owned_by(request.user), pk=pk)
    rows = conversation.messages.select_related("run", "conversation__agent", "feedback", "parent")
    return get_object_or_404(rows.filter(role=Message.Role.ASSISTANT), pk=message_pk)


@require_GET
def agent_feedback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """List what was said of an agent's answers; `verdict` narrows it."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    require_change(request.user, agent)
    found = Feedback.objects.about(agent)
    verdict = request.GET.get("verdict", "")
    page = Paginator(found.saying(VERDICTS.get(verdict)), PAGE_SIZE).get_page(request.GET.get("page"))
    runs = {said.message.run_id for said in page.object_list if said.message.run_id}
    context = {
        "agent": agent,
        "verdict": verdict if verdict in VERDICTS else "",
        "counts": found.counts(),
        "page": page,
        "seen_runs": set(Run.objects.visible_to(request.user).filter(pk__in=runs).values_list("pk", flat=True)),
    }
    return render(request, "conversations/feedback_list.html", context)
