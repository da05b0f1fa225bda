"""Home, search, preferences, and the platform's own front page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.agents.models import Agent, Approval, Run
from apps.conversations.models import Conversation
from apps.knowledge.models import Document
from apps.projects.models import Project
from apps.workflows.models import ExecutionStep, Workflow

FOUND_AT_MOST = 6


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    recent = Run.objects.visible_to(user).filter(started_by=user).select_related("agent", "message")[:5]
    context: dict[str, Any] = {
        "greeting": _greeting(),
        "agents": Agent.objects.usable_by(user)[:4],
        "recent": recent,
        "failed": Document.objects.visible_to(user).filter(uploaded_by=user, state=Document.State.FAILED)[:5],
        "tasks": ExecutionStep.objects.for_decision_by(user).select_related("execution")[:5],
        "waiting": Approval.objects.for_decision_by(user).select_related("run__agent")[:5],
    }
    context["needed"] = sum(len(context[name]) for name in ("failed", "waiting", "tasks"))
    steps = [] if user.has_hidden_start else _first_steps(user, has_runs=bool(recent))
    context |= {"steps": steps, "steps_done": sum(step["is_done"] for step in steps)}
    return render(request, "dashboard/home.html", context)


def _greeting() -> str:
    hour = timezone.localtime().hour
    if hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour < 18 else _("Good evening")


def _first_steps(user: User, *, has_runs: bool) -> list[dict[str, Any]]:
    has_uploaded = Document.objects.filter(uploaded_by=user).exists()
    has_cited = Conversation.objects.filter(owner=user, messages__citations__is_cited=True).exists()
    return [
        {"label": _("Sign in"), "url": reverse("home"), "is_done": True},
        {"label": _("Ask a first question"), "url": reverse("conversation-new"), "is_done": has_runs},
        {"label": _("Get an answer with its source"), "url": reverse("conversation-new"), "is_done": has_cited},
        {"label": _("Look at the run behind an answer"), "url": reverse("runs"), "is_done": has_runs},
        {"label": _("Upload a document of your own"), "url": reverse("collections"), "is_done": has_uploaded},
    ]


@require_POST
def start_hide(request: HttpRequest) -> HttpResponse:
    User.objects.filter(pk=str(request.user.pk)).update(has_hidden_start=True)
    return redirect("home")


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """What the palette and the search page show: pages, agents, conversations and documents."""
    words = request.GET.get("q", "").strip()
    groups = [(_("Go to"), _pages(words, request.user))]
    if words:
        user = request.user
        agents = Agent.objects.usable_by(user).matching(words)[:FOUND_AT_MOST]
        talks = (
            (Conversation.objects.owned_by(user) | Conversation.objects.shared_with(user))
            .current()
            .matching(words)[:FOUND_AT_MOST]
        )
        projects = Project.objects.visible_to(user).current().matching(words)[:FOUND_AT_MOST]
        workflows = Workflow.objects.usable_by(user).filter(name__icontains=words)[:FOUND_AT_MOST]
        documents = Document.objects.visible_to(user).filter(name__icontains=words)[:FOUND_AT_MOST]
        groups += [
            (_("Agents"), [(a.icon, a.name, f"{reverse('conversation-new')}?agent={a.pk}", "") for a in agents]),
            (
                _("Conversations"),
                [("message-square", c.title, reverse("conversation", args=[c.pk]), "") for c in talks],
            ),
            (_("Workflows"), [("git-branch", w.name, reverse("workflow", args=[w.pk]), "") for w in workflows]),
            (_("Projects"), [("folder-kanban", p.name, reverse("project", args=[p.pk]), "") for p in projects]),
            (_("Documents"), [("file-text", d.name, reverse("document", args=[d.pk]), "") for d in documents]),
        ]
    template = "dashboard/_search.html" if request.htmx else "dashboard/search.html"  # type: ignore[attr-defined]
    return render(request, template, {"groups": [group for group in groups if group[1]], "words": words})


def _pages(words: str, user: Any) -> list[tuple[str, str, str, str]]:
    pages = [
        ("house", _("Home"), reverse("home"), "G H"),
        ("blocks", _("Agents"), reverse("agents"), "G A"),
        ("book-open", _("Knowledge"), reverse("collections"), "G K"),
        ("activity", _("Runs"), reverse("runs"), "G R"),
        ("hand", _("Approvals"), reverse("approvals"), ""),
        ("clock", _("Automations"), reverse("automations"), ""),
        ("git-branch", _("Workflows"), reverse("workflows"), ""),
        ("folder-kanban", _("Projects"), reverse("projects"), ""),
        *(
            [("link", _("Connections"), reverse("connections"), "")]
            if user.has_perm("integrations.view_connection")
            else []
        ),
        *([("send", _("Webhooks"), reverse("webhooks"), "")] if user.has_perm("integrations.view_webhook") else []),
        *(
            [("message-square", _("Chats on other sites"), reverse("widgets"), "")]
            if user.has_perm("widgets.view_widget")
            else []
        ),
        *([("users", _("Members"), reverse("members"), "")] if user.has_perm("accounts.view_user") else []),
        *([("history", _("Audit"), reverse("audit"), "")] if user.has_perm("audit.view_auditevent") else []),
        *(
            [("shield-check", _("Security"), reverse("security"), "")]
            if user.has_perm("audit.view_securityevent")
            else []
        ),
        *([("settings", _("Settings"), reverse("settings"), "")] if user.has_perm("accounts.manage_settings") else []),
        ("message-square", _("New conversation"), reverse("conversation-new"), "Ctrl Shift O"),
    ]
    return [page for page in pages if words.casefold() in page[1].casefold()]


@login_not_required
@require_GET
def platform(request: HttpRequest) -> HttpResponse:
    """The platform's own front page: it says where organisations live and names none."""
    return render(
        request, "dashboard/platform.html", {"host": settings.PLATFORM_HOST, "is_open": settings.TENANT_SIGN_UP}
    )


@login_not_required
def platform_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    context = {"status": 404, "sentence": _("There is nothing at this address.")}
    return render(request, "errors/plain.html", context, status=404)
