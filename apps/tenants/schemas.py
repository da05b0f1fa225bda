"""Is a tenant's schema whole: every table there, at the code's migrations? Checked before anything runs in it."""

import time
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.core.tenancy import ActiveSchema, public_context, tenant_context

GOOD_FOR_S = 5.0
_checked_at: dict[str, float] = {}


@cache
def _tenant_labels() -> frozenset[str]:
    return frozenset(config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS)


@cache
def expected_migrations() -> frozenset[tuple[str, str]]:
    """Return (app label, name) of every migration that a tenant's schema needs."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(key for key in loader.disk_migrations if key[0] in _tenant_labels())


@cache
def expected_tables() -> frozenset[str]:
    """Return the names of the tables that a tenant's schema needs."""
    models = (m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in _tenant_labels())
    return frozenset(model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy)


def missing(schema: ActiveSchema) -> list[str]:
    """Name what the schema lacks: tables, and migrations as `app.name`; empty when it is whole."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s", [schema.schema_name])
        tables = {row[0] for row in cursor.fetchall()}
    if "django_migrations" not in tables:
        return ["django_migrations"]
    with tenant_context(schema), connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    lacking = sorted(f"{app}.{name}" for app, name in expected_migrations() - applied)
    return sorted(expected_tables() - tables) + lacking


def is_current(schema: ActiveSchema) -> bool:
    """Say whether the schema is whole; a good answer holds for five seconds, a bad one is asked again."""
    now = time.monotonic()
    if now - _checked_at.get(schema.schema_name, -GOOD_FOR_S) < GOOD_FOR_S:
        return True
    if missing(schema):
        _checked_at.pop(schema.schema_name, None)
        return False
    _checked_at[schema.schema_name] = now
    return True


def forget(schema: ActiveSchema) -> None:
    """Ask anew at the next request; for whoever changed the schema."""
    _checked_at.pop(schema.schema_name, None)
