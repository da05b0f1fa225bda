"""How far an API key reaches: areas of the API, each to read or to write.

An area is the first part of a path below /api/v1/. A path without one here is closed to keys.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AREAS = {
    "agents": "agents",
    "runs": "agents",
    "files": "agents",
    "blueprints": "agents",
    "approvals": "agents",
    "facts": "conversations",
    "knowledge-base": "knowledge",
    "conversations": "conversations",
    "users": "members",
    "invitations": "members",
    "groups": "members",
    "roles": "members",
    "access-requests": "sharing",
    "organizations": "organization",
    "audit": "audit",
    "security-events": "security",
    "usage": "usage",
    "prompts": "prompts",
    "projects": "projects",
    "connections": "connections",
    "webhooks": "connections",
    "widgets": "connections",
    "evaluations": "agents",
    "experiments": "agents",
    "automations": "automations",
    "batches": "automations",
    "workflows": "automations",
    "checklists": "automations",
    "executions": "automations",
    "tasks": "automations",
}
SHARING = frozenset({"grants", "access", "why"})  # below one object of any area
READING_POSTS = frozenset(
    {
        "/api/v1/knowledge-base/search",
        "/api/v1/audit/export",
        "/api/v1/usage/estimate",
        "/api/v1/agents/choose",
        "/api/v1/agents/route",
    }
)
DECIDED_BY_PEOPLE = frozenset({"approvals", "tasks"})  # keys read these areas and change nothing in them
OPEN = frozenset({"/api/v1/auth/me"})
PROTOCOLS = {
    "/mcp": "agents:read",
    "/a2a": "agents:write",
    "/v1/models": "agents:read",
    "/v1/chat/completions": "agents:write",
    "/v1/embeddings": "knowledge:read",
}
SCIM = "/scim/v2/"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SCOPES: dict[str, str | Promise] = {
    "agents:read": _("See agents, runs and what waits for approval"),
    "agents:write": _("Ask agents, stop runs, make and change agents"),
    "conversations:read": _("Read conversations"),
    "conversations:write": _("Write in conversations"),
    "knowledge:read": _("Search and see documents"),
    "knowledge:write": _("Upload, tag and delete documents"),
    "sharing:read": _("See who something is shared with"),
    "sharing:write": _("Share things, shut and open them"),
    "members:read": _("See members and invitations"),
    "members:write": _("Invite, suspend and give roles"),
    "scim": _("Provision people and groups by SCIM 2.0"),
    "organization:read": _("See the organisation's name and addresses"),
    "organization:write": _("Rename the organisation"),
    "audit:read": _("Read the audit and take it out"),
    "usage:read": _("See usage, budgets and prices"),
    "usage:write": _("Set budgets and prices, ask for more"),
    "prompts:read": _("See prompts"),
    "prompts:write": _("Write, label and try prompts"),
    "connections:read": _("See connected services"),
    "connections:write": _("Connect services and choose what agents may call"),
    "automations:read": _("See automations, batches, workflows and checklists, and what came of them"),
    "automations:write": _(
        "Make, change, start and stop automations, batches and workflows; keep and change checklists"
    ),
    "projects:read": _("See projects"),
    "projects:write": _("Begin, change and archive projects, assign to them"),
    "security:read": _("See security events"),
    "security:write": _("Mark security events as handled"),
}


PROGRAM_PATH = "/mcp"
PROGRAM_SCOPES: dict[str, str | Promise] = {
    "agents:write": _("Ask agents"),
    "knowledge:read": _("Search and read documents"),
    "prompts:read": _("Use prompts"),
}
"""What somebody may give a program that they let in, in the words of what it can do at the one address at which it works."""


def needed(method: str, path: str) -> str | None:
    """Return the scope that a request needs, "" when any key will do, None when no key will."""
    if path in OPEN:
        return ""
    if path.startswith(SCIM):
        return "scim"
    for beginning, scope in PROTOCOLS.items():
        if path == beginning or path.startswith(f"{beginning}/"):
            return scope
    parts = path.removeprefix("/api/v1/").split("/")
    area = "sharing" if len(parts) > 2 and parts[2] in SHARING else AREAS.get(parts[0])
    if area is None or not path.startswith("/api/v1/"):
        return None
    is_reading = method in SAFE or path in READING_POSTS or parts[0::2] == ["runs", "ticket"]
    if not is_reading and parts[0] in DECIDED_BY_PEOPLE:
        return None
    return f"{area}:{'read' if is_reading else 'write'}"


def reaches(scopes: list[str], method: str, path: str) -> bool:
    """Say whether a key with these scopes may make the request."""
    scope = needed(method, path)
    return scope is not None and (scope == "" or scope in scopes)
