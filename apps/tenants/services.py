"""What can be done to tenants: ask for one, which is set up in the background, or set one up at once; its settings and features."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit import chain
from apps.audit.actions import AUDIT_LET_GO
from apps.audit.services.trail import record
from apps.core.caches import Rates, all_caches
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.permissions import require
from apps.core.tenancy import current_tenant, has_tenant, public_context, tenant_context
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS
from apps.tenants import actions, cloning, looks, plans, resolver, rollout
from apps.tenants.events import option_changing, plan_changed
from apps.tenants.flags import Flag
from apps.tenants.models import FlagRule, Logo, OptionValue, Plan, Provisioning, Tenant
from apps.tenants.options import AUDIT_DAYS, Option
from apps.tenants.provisioning import PROVISION, build
from apps.tenants.types import Owner

SLUG = re.compile(r"[a-z][a-z0-9]{0,38}[a-z0-9]\Z")
RESERVED = frozenset({"public", "www", "api", "admin", "extensions", "template", "static", "localhost", "information"})


def request_tenant(
    *, slug: str, name: str, email: str, person: str, password: str | None = None, language: str = "", actor: Any = None
) -> Tenant:
    """Reserve an address and have the tenant set up in the background, owned by `person`.

    Without a password the owner is sent a link to set one. Raises InvalidInput with the field: a slug that cannot be
    one or is taken, an empty name, an e-mail address that is none, a weak password.
    """
    _check_owner(email=email, person=person, password=password)
    owner = {
        "owner_email": email.strip().lower(),
        "owner_name": person.strip()[:120],
        "owner_password": make_password(password) if password else "",
        "owner_language": language,
    }
    with public_context(), transaction.atomic():
        tenant, is_new = _reserve(slug, name)
        if not is_new:
            raise InvalidInput(_("This address is taken."), field="slug", code="slug_taken")
        Provisioning.objects.create(tenant=tenant, **owner)
        record(actions.TENANT_REQUESTED, actor=actor, target=tenant, after={"slug": slug, "owner": email})
        with tenant_context(tenant):
            jobs.enqueue(kind=PROVISION, queue=AGENTS, object_id=tenant.pk, dedupe_key=str(tenant.pk))
    return tenant


def provision_tenant(*, slug: str, name: str, owner: Owner | None = None) -> Tenant:
    """Set a tenant up here and now, or return the one that stands.

    Invisible until it is whole; a failure leaves nothing behind. Raises InvalidInput for a slug that cannot be one.
    """
    cloning.prepare_template()
    with public_context(), transaction.atomic():
        tenant, is_new = _reserve(slug, name)
        if is_new:
            build(tenant, owner)
    return tenant


def _reserve(slug: str, name: str) -> tuple[Tenant, bool]:
    if not SLUG.match(slug) or slug in RESERVED:
        raise InvalidInput(_("Use 2 to 40 lower-case letters and digits, starting with a letter."), field="slug")
    if not name.strip():
        raise InvalidInput(_("Write the name of the organisation."), field="name")
    defaults = {
        "name": name.strip()[:120],
        "schema_name": f"t_{slug}",
        "plan": Plan.objects.filter(is_default=True).first(),
    }
    return Tenant.objects.get_or_create(slug=slug, defaults=defaults)


def _check_owner(*, email: str, person: str, password: str | None) -> None:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field="email") from error
    if not person.strip():
        raise InvalidInput(_("Write the name of the person."), field="person")
    try:
        if password is not None:
            validate_password(password)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="password") from error


@transaction.atomic
def rename_tenant(*, actor: Any, name: str) -> None:
    """Give the active tenant another name; its address stays. Raises Forbidden, InvalidInput for an empty one."""
    require(actor, "accounts.manage_settings")
    name = " ".join(name.split())[:120]
    if not name:
        raise InvalidInput(_("Write the name of the organisation."), field="name")
    tenant = current_tenant()
    if name == tenant.name:
        return
    with public_context():
        Tenant.objects.filter(pk=tenant.id).update(name=name)
    record(actions.TENANT_RENAMED, actor=actor, before={"name": tenant.name}, after={"name": name})
    tenant.name = name


@transaction.atomic
def change_looks(
    *, actor: Any, accent: str | None = None, mail_sender: str | None = None, logo: bytes | None = None
) -> None:
    """Change how the active tenant looks; None leaves a part as it is, "" and b"" take it away. Raises Forbidden, InvalidInput with the field."""
    require(actor, "accounts.manage_settings")
    tenant: Any = current_tenant()
    fields = ("accent", "logo_digest", "mail_sender")
    before = {name: getattr(tenant, name) for name in fields}
    after = dict(before)
    if accent is not None:
        after["accent"] = looks.checked_accent(accent)
    if mail_sender is not None:
        after["mail_sender"] = _sender(mail_sender)
    image = b""
    if logo is not None:
        image, after["logo_digest"] = looks.checked_logo(logo) if logo else (b"", "")
    if after == before:
        return
    with public_context():
        if after["logo_digest"] != before["logo_digest"]:
            Logo.objects.filter(tenant_id=tenant.id).delete()
            Logo.objects.bulk_create([Logo(tenant_id=tenant.id, image=image)] if image else [])
        Tenant.objects.filter(pk=tenant.id).update(**after)
    record(actions.LOOKS_CHANGED, actor=actor, before=before, after=after)
    for name, value in after.items():
        setattr(tenant, name, value)


def _sender(typed: str) -> str:
    """Return the name of a sender, as one line of what headers bear."""
    name = " ".join(typed.split())[:60]
    if any(sign in name for sign in '<>@"\\') or not name.isprintable():
        raise InvalidInput(_("Write a name without signs of an address."), field="mail_sender")
    return name


def logo_of(digest: str) -> bytes | None:
    """Return the active tenant's logo as PNG, if it is the one of that digest; None for none."""
    tenant = current_tenant()
    if not digest or digest != tenant.logo_digest:
        return None
    with public_context():
        row = Logo.objects.filter(tenant_id=tenant.id).first()
    return bytes(row.image) if row is not None else None


@transaction.atomic
def set_option(*, actor: Any, option: Option, value: Any) -> None:
    """Set an option for the active tenant; None takes it back to the system's default. Raises Forbidden, InvalidInput."""
    require(actor, "accounts.manage_settings")
    _store(actor, option, value, level=OptionValue.Level.TENANT, object_id=current_tenant().id)


@transaction.atomic
def set_option_of(*, actor: Any, option: Option, value: Any, level: OptionValue.Level, target: Model) -> None:
    """Set an option for one object of the active tenant; None takes it back to what holds above. Raises InvalidInput.

    Whether the actor may is for the app to ask whose object it is.
    """
    if level.value not in option.levels:
        raise InvalidInput(_("There is no such setting."), field="key")
    _store(actor, option, value, level=level, object_id=target.pk, target=target)


def _store(
    actor: Any, option: Option, value: Any, *, level: OptionValue.Level, object_id: UUID, target: Model | None = None
) -> None:
    place: dict[str, Any] = {"level": level, "object_id": object_id, "key": option.key}
    before = resolver.resolve(option, [(level, object_id)]).value
    wanted = None if value is None else option.checked(value)
    option_changing.send(sender=Option, option=option, value=wanted, actor=actor)
    tenant_id = current_tenant().id
    with public_context():
        if wanted is None:
            OptionValue.objects.filter(tenant_id=tenant_id, **place).delete()
        else:
            OptionValue.objects.update_or_create(tenant_id=tenant_id, **place, defaults={"value": wanted})
    resolver.VALUES.forget()
    after = resolver.resolve(option, [(level, object_id)]).value
    if before != after:
        record(
            actions.OPTION_CHANGED, actor=actor, target=target, before={option.key: before}, after={option.key: after}
        )
    resolver.VALUES.forget()


@transaction.atomic
def prune_audit() -> tuple[int, int]:
    """Let go of the active schema's audit events that are older than they are to be kept; return how many, and the days."""
    days = resolver.resolve(AUDIT_DAYS).value if has_tenant() else settings.AUDIT_KEEP_DAYS
    count = chain.let_go(timezone.now() - timedelta(days=days))
    if count:
        record(AUDIT_LET_GO, actor=None, after={"events": count, "older than days": days})
    return count, days


# -- plans -------------------------------------------------------------------------------------------------------

PLAN_FIELDS = ("name", "tokens_a_month", "money_a_month", "requests_a_minute", "is_default")


def save_plan(*, actor: Any, values: Mapping[str, Any], plan: Plan | None = None) -> Plan:
    """Make a plan, or change one for all organisations that have it; for operators. Raises InvalidInput, Conflict for a taken name."""
    with public_context(), transaction.atomic():
        row = plan or Plan()
        before = _plan_told(row) if plan else None
        for field in PLAN_FIELDS:
            if field in values:
                setattr(row, field, values[field])
        row.name = " ".join(row.name.replace("\0", "").split())
        if not row.name:
            raise InvalidInput(_("Give the plan a name."), field="name")
        if Plan.objects.filter(name=row.name).exclude(pk=row.pk).exists():
            raise Conflict(_("There is a plan of this name already."))
        if row.is_default:
            Plan.objects.exclude(pk=row.pk).filter(is_default=True).update(is_default=False)
        row.save()
        record(actions.PLAN_SAVED, actor=actor, target=row, before=before, after=_plan_told(row))
        for tenant in row.tenants.filter(state=Tenant.State.ACTIVE):
            _tell_plan(tenant)
    return row


def remove_plan(*, actor: Any, plan: Plan) -> None:
    """Remove a plan; for operators. Raises Conflict while an organisation has it."""
    with public_context(), transaction.atomic():
        if plan.tenants.exists():
            raise Conflict(_("Organisations have this plan. Give them another one first."))
        record(actions.PLAN_REMOVED, actor=actor, target=plan, before=_plan_told(plan))
        plan.delete()


def give_plan(*, actor: Any, tenant: Tenant, plan: Plan | None) -> None:
    """Give an organisation a plan, or none; for operators."""
    with public_context(), transaction.atomic():
        former = Tenant.objects.select_related("plan").get(pk=tenant.pk).plan
        Tenant.objects.filter(pk=tenant.pk).update(plan=plan)
        names = ({"plan": str(one) if one else None} for one in (former, plan))
        record(actions.PLAN_GIVEN, actor=actor, target=tenant, before=next(names), after=next(names))
        if tenant.state == Tenant.State.ACTIVE:
            _tell_plan(tenant)


def _tell_plan(tenant: Tenant) -> None:
    with tenant_context(tenant):
        plans.KEPT.forget()
        plan_changed.send(sender=Tenant)


def _plan_told(row: Plan) -> dict[str, Any]:
    return {field: _plain(getattr(row, field)) for field in PLAN_FIELDS}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


# -- caches ------------------------------------------------------------------------------------------------------


def cache_rates(*, actor: Any) -> list[Rates]:
    """Return how often each cache answered the active tenant. Raises Forbidden."""
    require(actor, "accounts.manage_settings")
    return [cache.rates() for cache in all_caches()]


@transaction.atomic
def empty_caches(*, actor: Any, name: str = "") -> None:
    """Have what one cache keeps for the active tenant, or all of them, made anew. Raises Forbidden, NotFound."""
    require(actor, "accounts.manage_settings")
    chosen = [cache for cache in all_caches() if name in ("", cache.name)]
    if not chosen:
        raise NotFound(_("There is no such cache."))
    for cache in chosen:
        cache.forget()
    record(actions.CACHES_EMPTIED, actor=actor, after={"caches": [cache.name for cache in chosen]})


# -- features ----------------------------------------------------------------------------------------------------


@transaction.atomic
def choose_feature(*, actor: Any, flag: Flag, is_on: bool, roles: Sequence[str] = (), percentage: int = 100) -> None:
    """Say who in the active tenant has a feature that the platform offers. Raises Forbidden, InvalidInput."""
    require(actor, "accounts.manage_settings")
    unknown = sorted(set(roles) - set(rollout.role_names()))
    if unknown:
        raise InvalidInput(_("There is no role “%(name)s”.") % {"name": unknown[0]}, field="roles")
    tenant = current_tenant()
    with public_context():
        before, rule = _save_rule(flag, tenant.id, True, is_on=is_on, roles=roles, percentage=percentage)
    record(actions.FLAG_CHANGED, actor=actor, before=before, after=rule.as_json())


def offer_feature(
    *, actor: Any, flag: Flag, tenant: Tenant | None, is_on: bool, roles: Sequence[str] = (), percentage: int = 100
) -> FlagRule:
    """Say for one organisation or (None) for all whether they are offered a feature; for operators. Raises InvalidInput."""
    with public_context(), transaction.atomic():
        pk = tenant.pk if tenant else None
        before, rule = _save_rule(flag, pk, False, is_on=is_on, roles=roles, percentage=percentage)
        record(actions.FLAG_CHANGED, actor=actor, target=tenant, before=before, after=rule.as_json())
    return rule


def withdraw_rule(*, actor: Any, rule: FlagRule) -> None:
    """Take a rule of the platform back, so that what is more general holds again."""
    with public_context(), transaction.atomic():
        record(actions.FLAG_CHANGED, actor=actor, target=rule.tenant, before=rule.as_json())
        tenant_id = rule.tenant_id
        rule.delete()
        _forget_rules(tenant_id)


def _save_rule(flag: Flag, tenant_id: UUID | None, is_own: bool, **values: Any) -> tuple[Any, FlagRule]:
    values["roles"] = sorted({str(role) for role in values["roles"]})
    if not 0 <= values["percentage"] <= 100:
        raise InvalidInput(
            _("Write a number from %(least)d to %(most)d.") % {"least": 0, "most": 100}, field="percentage"
        )
    place: dict[str, Any] = {"flag": flag.key, "tenant_id": tenant_id, "is_own": is_own}
    standing = FlagRule.objects.filter(**place).first()
    rule, _created = FlagRule.objects.update_or_create(**place, defaults=values)
    _forget_rules(tenant_id)
    return standing.as_json() if standing else None, rule


def _forget_rules(tenant_id: UUID | None) -> None:
    """Drop what is cached, of all tenants for a rule for all, now and again when the change is there for others."""
    tenants = list(Tenant.objects.filter(pk=tenant_id) if tenant_id else Tenant.objects.all())
    rollout.forget(tenants)
    transaction.on_commit(lambda: rollout.forget(tenants), robust=True)
