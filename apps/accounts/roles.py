"""The roles that every tenant has, as Django groups, and what each may do.

The table is data: permissions of higher apps are named by `app.codename`, and `app.*` stands for all of an app's. It is
written into a schema whenever migrations ran there, so that a new permission reaches the roles of every tenant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Role, User
from apps.core.errors import InvalidInput
from apps.core.tenancy import has_tenant


@dataclass(frozen=True)
class SystemRole:
    """A role that cannot be changed or removed; `grants` are `app.codename`, `app.*`, `*.view` or `*`."""

    key: str
    name: str | Promise
    words: str | Promise
    grants: frozenset[str]

    def has(self, app_label: str, codename: str) -> bool:
        """Say whether the role holds a permission."""
        wanted = {"*", f"{app_label}.*", f"{app_label}.{codename}"}
        if codename.startswith("view_"):
            wanted.add("*.view")
        return bool(wanted & self.grants)


_MEMBER = frozenset(
    {
        "agents.use_agent",
        "knowledge.add_document",
        "workflows.add_automation",
        "workflows.add_batch",
        "workflows.use_workflow",
    }
)
_BUILDER = _MEMBER | {
    *("agents.add_agent", "agents.change_agent", "agents.delete_agent"),
    *("projects.add_project", "knowledge.add_knowledgebase", "knowledge.change_document", "knowledge.delete_document"),
    *("providers.view_provider", "providers.view_providermodel", "prompts.*"),
    *("integrations.view_connection", "integrations.view_operation", "workflows.send_out"),
    *("workflows.add_workflow", "workflows.change_workflow"),
    *(
        f"agents.{verb}_{name}"
        for verb in ("view", "add", "change", "delete")
        for name in ("personality", "ruleset", "rule", "pythontool")
    ),
}
_ADMIN = _BUILDER | {
    *(
        "agents.*",
        "knowledge.*",
        "providers.*",
        "integrations.*",
        "projects.*",
        "usage.*",
        "workflows.*",
        "widgets.*",
        "evaluations.*",
        "conversations.list_conversation",
        "conversations.view_feedback",
        "audit.view_auditevent",
        "audit.export_auditevent",
        "audit.view_securityevent",
        "audit.handle_securityevent",
        "audit.view_alertchannel",
        "audit.view_alert",
        "audit.manage_alerts",
    ),
    *("accounts.open_administration", "accounts.manage_members", "accounts.manage_keys", "accounts.manage_settings"),
    *("accounts.add_user", "accounts.change_user", "accounts.view_user", "accounts.manage_roles"),
    *("accounts.add_peoplegroup", "accounts.change_peoplegroup", "accounts.delete_peoplegroup"),
    *("accounts.view_peoplegroup", "accounts.view_accessrequest", "accounts.view_identityprovider"),
    *("auth.add_group", "auth.change_group", "auth.delete_group"),
    *(
        "accounts.view_invitation",
        "accounts.view_role",
        "accounts.view_apikey",
        "auth.view_group",
        "admin.view_logentry",
        "mails.view_outgoingmail",
        "mails.send_outgoingmail",
    ),
}
_AUDITOR = frozenset({"*.view", "accounts.open_administration", "audit.export_auditevent"})

SYSTEM_ROLES = {
    role.key: role
    for role in (
        SystemRole("owner", _("Owner"), _("May do everything, and alone appoints owners."), frozenset({"*"})),
        SystemRole("admin", _("Admin"), _("Runs the organisation: people, models, audit."), frozenset(_ADMIN)),
        SystemRole("builder", _("Builder"), _("Makes agents and looks after the knowledge."), frozenset(_BUILDER)),
        SystemRole("member", _("Member"), _("Asks agents and uploads documents."), _MEMBER),
        SystemRole("auditor", _("Auditor"), _("Sees members, settings and audit, changes nothing."), _AUDITOR),
    )
}
OWNER, ADMIN, BUILDER, MEMBER, AUDITOR = SYSTEM_ROLES


def group_for(key: str) -> Group:
    """Return the group of a system role in the active tenant."""
    return Group.objects.get(role__key=key)


def sync_roles(sender: AppConfig, **kwargs: Any) -> None:
    """Receiver of post_migrate: give the system roles what the table says they hold of the app just migrated."""
    if not has_tenant():
        return
    create_permissions(sender, verbosity=0)
    permissions = list(Permission.objects.filter(content_type__app_label=sender.label).select_related("content_type"))
    is_new = not Role.objects.filter(key=OWNER).exists()
    for role in SYSTEM_ROLES.values():
        group = _group(role)
        held = [p for p in permissions if role.has(sender.label, p.codename)]
        group.permissions.remove(*(p for p in permissions if p not in held))
        group.permissions.add(*held)
    if is_new:
        _assign_standing(User.objects.all())


def _group(role: SystemRole) -> Group:
    standing = Role.objects.filter(key=role.key).select_related("group").first()
    if standing:
        return standing.group
    group, _created = Group.objects.get_or_create(name=role.key.title())
    Role.objects.create(group=group, key=role.key)
    return group


def _assign_standing(users: Iterable[User]) -> None:
    """Give people from before there were roles the one that comes nearest."""
    for user in users:
        user.groups.add(group_for(OWNER if user.is_superuser else MEMBER))


RIGHTS: dict[str, str | Promise] = {
    "agents.use_agent": _("Ask agents"),
    "agents.add_agent": _("Make agents"),
    "agents.change_agent": _("Change agents"),
    "agents.manage_agent": _("Share and shut all agents"),
    "agents.view_run": _("See everybody's runs"),
    "workflows.add_automation": _("Have agents asked by a schedule or an event"),
    "workflows.add_batch": _("Have agents asked for each row of a table"),
    "workflows.send_out": _("Have results sent to web addresses"),
    "workflows.view_automation": _("See everybody's automations"),
    "workflows.change_automation": _("Pause and remove everybody's automations"),
    "workflows.view_batch": _("See everybody's batches"),
    "workflows.change_batch": _("Stop and remove everybody's batches"),
    "workflows.view_checklist": _("See everybody's checklists"),
    "workflows.change_checklist": _("Change and remove everybody's checklists"),
    "workflows.use_workflow": _("Start workflows"),
    "workflows.add_workflow": _("Make workflows"),
    "workflows.change_workflow": _("Change workflows"),
    "workflows.manage_workflow": _("Share, shut and remove all workflows"),
    "workflows.view_execution": _("See what everybody's workflows came to"),
    "workflows.change_execution": _("Stop everybody's workflows"),
    "conversations.view_conversation": _("Read everybody's conversations"),
    "conversations.view_feedback": _("See who called whose answers good or bad"),
    "knowledge.add_document": _("Upload documents"),
    "knowledge.change_document": _("Look after everybody's documents"),
    "knowledge.delete_document": _("Delete everybody's documents"),
    "knowledge.add_knowledgebase": _("Make collections"),
    "knowledge.manage_knowledgebase": _("Share and shut all collections"),
    "projects.add_project": _("Begin projects"),
    "projects.view_project": _("See everybody's projects"),
    "projects.manage_project": _("Manage all projects"),
    "providers.view_provider": _("See models and providers"),
    "providers.change_provider": _("Set up models and providers"),
    "integrations.view_connection": _("See connected services"),
    "integrations.change_connection": _("Connect services and choose what agents may call"),
    "integrations.view_webhook": _("See webhooks and what they were told"),
    "integrations.change_webhook": _("Say which web addresses are told what happens"),
    "agents.view_personality": _("See personalities"),
    "agents.change_personality": _("Write personalities"),
    "agents.view_pythontool": _("See Python tools"),
    "agents.change_pythontool": _("Write Python tools"),
    "agents.view_ruleset": _("See business rules"),
    "agents.change_ruleset": _("Write business rules"),
    "prompts.view_prompt": _("See prompts"),
    "prompts.change_prompt": _("Write prompts and choose which version is used"),
    "usage.view_usagerecord": _("See everybody's usage and what it costs"),
    "usage.change_budget": _("Set budgets and prices"),
    "accounts.view_user": _("See the members"),
    "accounts.manage_members": _("Invite, suspend and give roles"),
    "accounts.manage_roles": _("Make and change roles"),
    "accounts.manage_owners": _("Appoint owners"),
    "accounts.manage_settings": _("Change the settings"),
    "accounts.manage_support": _("Let the platform's support in"),
    "accounts.manage_sign_on": _("Set up single sign-on"),
    "audit.view_auditevent": _("Read the audit"),
    "audit.export_auditevent": _("Take the audit out as a file"),
    "audit.view_securityevent": _("See security events"),
    "audit.handle_securityevent": _("Handle security events"),
    "audit.manage_alerts": _("Decide where alerts go"),
    "accounts.open_administration": _("Open the administration"),
}
"""The permissions that people know by name, in the order in which pages list them."""


def role_keys(groups: Iterable[Group]) -> list[str]:
    """Name roles for API clients: a system role by its key, a custom one by its name."""
    roles = [group for group in groups if getattr(group, "role", None)]
    return sorted(group.role.key or group.name for group in roles)


def roles_by_name() -> dict[str, Group]:
    """Return the active tenant's roles by what role_keys() says of them."""
    groups = Group.objects.exclude(role=None).select_related("role")
    return {role_keys([group])[0]: group for group in groups}


def roles_named(names: Iterable[str]) -> list[Group]:
    """Find roles by what role_keys() says of them. Raises InvalidInput for one that there is not."""
    by_name = roles_by_name()
    unknown = sorted(set(names) - set(by_name))
    if unknown:
        raise InvalidInput(_("There is no role “%(name)s”.") % {"name": unknown[0]}, field="roles")
    return [by_name[name] for name in set(names)]
