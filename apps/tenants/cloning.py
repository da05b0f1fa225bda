"""A new tenant's schema is a copy of the template schema, which the migrations made once.

All of it is DDL inside the caller's transaction: a failure leaves no schema. The copy is read from PostgreSQL's own
catalogue, so types keep their modifiers (the dimensions of a vector) and indexes and constraints keep their names,
which later migrations rely on.
"""

from dataclasses import dataclass

from django.core.management import call_command
from django.db import connection
from django_tenants.utils import quote_schema_name

from apps.core.tenancy import ActiveSchema, public_context, tenant_context
from apps.tenants import schemas

LOCK = 0x6775696C64  # "guild": one process prepares the template


@dataclass(frozen=True)
class TemplateSchema:
    """Stands for the schema that new tenants are copied from; no host leads to it."""

    schema_name: str = "tenant_template"


TEMPLATE = TemplateSchema()

_TABLES = "SELECT oid, quote_ident(relname) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY relname"
_FUNCTIONS = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %s::regnamespace ORDER BY proname"
_IDENTITIES = """
    SELECT attrelid, attname FROM pg_attribute WHERE attrelid = ANY(%s) AND attidentity <> '' AND NOT attisdropped
"""
_CONSTRAINTS = """
    SELECT conrelid, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ANY(%s) AND contype IN ('p', 'u', 'c', 'x', 'f')
    ORDER BY position(contype::text in 'pucxf'), conname
"""
_INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
"""
_TRIGGERS = (
    "SELECT pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = ANY(%s) AND NOT tgisinternal ORDER BY tgname"
)
_LIKE = "INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMPRESSION"


def prepare_template() -> None:
    """Migrate the template schema to the code's state; one that is there already is left alone."""
    if not schemas.missing(TEMPLATE):
        return
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        migrate(TEMPLATE)
    finally:
        with public_context(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def migrate(schema: ActiveSchema) -> None:
    """Bring one schema to the code's migrations; creates it when it is not there."""
    with public_context():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_schema_name(schema.schema_name)}")
        call_command("migrate_schemas", schema_name=schema.schema_name, tenant=True, interactive=False, verbosity=0)


def create_schema(schema: ActiveSchema) -> None:
    """Create the tenant's schema as a copy of the template, which has to be prepared."""
    statements = _statements(quote_schema_name(schema.schema_name))
    with public_context(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {quote_schema_name(schema.schema_name)}")
    with tenant_context(schema), connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))


def _statements(new: str) -> list[str]:
    """Return the DDL and the copies of rows; run with the new schema alone in the search path."""
    name = TEMPLATE.schema_name
    with tenant_context(TEMPLATE), connection.cursor() as cursor:

        def rows(statement: str, argument: str | list[int]) -> list[tuple]:
            cursor.execute(statement, [argument])
            return cursor.fetchall()

        tables = dict(rows(_TABLES, name))
        keys = list(tables)
        functions = [f"{definition}" for (definition,) in rows(_FUNCTIONS, name)]
        identities = rows(_IDENTITIES, keys)
        constraints = [
            f"ALTER TABLE {tables[table]} ADD CONSTRAINT {n} {d}" for table, n, d in rows(_CONSTRAINTS, keys)
        ]
        indexes = [definition for (definition,) in rows(_INDEXES, keys)]
        triggers = [definition for (definition,) in rows(_TRIGGERS, keys)]
    creations = [f"CREATE TABLE {table} (LIKE {name}.{table} {_LIKE})" for table in tables.values()]
    copies = [f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {name}.{table}" for table in tables.values()]
    counters = [_counter(new, tables[table], column) for table, column in identities]
    qualified = [statement.replace(f"{name}.", f"{new}.") for statement in (*functions, *indexes)]
    return [*creations, *copies, *counters, *constraints, *qualified, *triggers]


def _counter(new: str, table: str, column: str) -> str:
    sequence = f"pg_get_serial_sequence('{new}.{table}', '{column}')"
    return f"SELECT setval({sequence}, max({column})) FROM {table} HAVING max({column}) IS NOT NULL"
