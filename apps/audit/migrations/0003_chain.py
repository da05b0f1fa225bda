"""Every schema's events become a chain: a deferred trigger seals each when its transaction commits.

The hash leaves out what is NULL, so that later nullable columns do not break it. Sealing and moving the head are possible
inside the trigger alone.
"""

from django.db import migrations, models

CONTENT = """
    convert_to(jsonb_strip_nulls(to_jsonb({0}) - 'hash' - 'before' - 'after')::text
               || '|' || coalesce({0}.before::text, '') || '|' || coalesce({0}.after::text, ''), 'utf8')
"""
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are append-only';
END $$
"""
SEAL = f"""
CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    last record;
    digest bytea;
BEGIN
    EXECUTE format('SELECT seq, hash FROM %I.audit_audithead FOR UPDATE', TG_TABLE_SCHEMA) INTO STRICT last;
    NEW.seq := last.seq + 1;
    digest := sha256(last.hash || {CONTENT.format("NEW")});
    EXECUTE format('UPDATE %I.audit_auditevent SET seq = $1, hash = $2 WHERE id = $3 AND hash IS NULL', TG_TABLE_SCHEMA)
        USING NEW.seq, digest, NEW.id;
    EXECUTE format('UPDATE %I.audit_audithead SET seq = $1, hash = $2', TG_TABLE_SCHEMA) USING NEW.seq, digest;
    RETURN NULL;
END $$
"""
SEAL_STANDING = f"""
DO $$
DECLARE
    event record;
    last bytea := sha256('');
    number bigint := 0;
BEGIN
    SET LOCAL timezone TO 'UTC';
    ALTER TABLE audit_auditevent DISABLE TRIGGER audit_append_only;
    FOR event IN SELECT * FROM audit_auditevent ORDER BY at, id LOOP
        number := number + 1;
        event.seq := number;
        last := sha256(last || {CONTENT.format("event")});
        UPDATE audit_auditevent SET seq = number, hash = last WHERE id = event.id;
    END LOOP;
    ALTER TABLE audit_auditevent ENABLE TRIGGER audit_append_only;
    INSERT INTO audit_audithead (seq, hash) VALUES (number, last);
END $$
"""
TRIGGERS = """
CREATE CONSTRAINT TRIGGER audit_sealed AFTER INSERT ON audit_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_seal();
CREATE TRIGGER audit_head_guard BEFORE INSERT OR UPDATE OR DELETE ON audit_audithead
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_audithead
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AddField("auditevent", "seq", models.BigIntegerField(editable=False, null=True, unique=True)),
        migrations.AddField("auditevent", "hash", models.BinaryField(editable=False, null=True)),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField(default=0)),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.AlterModelOptions(
            "auditevent",
            {
                "ordering": ("-at",),
                "permissions": (("export_auditevent", "May take the audit out as a file"),),
                "verbose_name": "audit event",
                "verbose_name_plural": "audit events",
            },
        ),
        migrations.RunSQL([REFUSE, SEAL_STANDING, SEAL, TRIGGERS], migrations.RunSQL.noop),
    ]
