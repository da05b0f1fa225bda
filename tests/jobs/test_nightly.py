"""What beat has done each night is done in every schema, and one failure keeps nothing else."""

from apps.audit.models import AuditCut, SecurityEvent
from apps.core.tenancy import active_schema, has_tenant, tenant_context
from apps.jobs import registry
from apps.jobs.tasks import nightly
from config.celery import app
from tests.audit.test_audit import old_events, tamper  # noqa: F401  a fixture


def test_in_every_schema_whatever_fails(db, monkeypatch):
    seen = []

    def fail():
        raise RuntimeError

    monkeypatch.setattr(registry, "_nightly", [fail, lambda: seen.append(active_schema().schema_name)])
    nightly()
    assert seen[0] == "public" and {"t_acme", "t_globex"} <= set(seen)


def test_beat_knows_it():
    assert app.conf.beat_schedule["nightly"]["task"] == nightly.name


def test_the_audit_is_checked_and_its_beginning_let_go(old_events, acme, settings):
    settings.AUDIT_KEEP_DAYS = 95
    with tenant_context(None):
        nightly()
    assert AuditCut.objects.get().seq == 3 and has_tenant()
    tamper("DELETE FROM audit_auditevent WHERE seq = 4")
    with tenant_context(None):
        nightly()
    assert SecurityEvent.objects.get(kind="audit.broken").subject == "#4"
