"""The database itself refuses to change what a version of a prompt says."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_prompt_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'versions of prompts never change'; END $$;
CREATE TRIGGER prompt_version_stays BEFORE UPDATE ON prompts_promptversion FOR EACH ROW
    WHEN ((OLD.prompt_id, OLD.number, OLD.text, OLD.declared, OLD.note, OLD.created_at)
          IS DISTINCT FROM (NEW.prompt_id, NEW.number, NEW.text, NEW.declared, NEW.note, NEW.created_at))
    EXECUTE FUNCTION refuse_prompt_change();
"""
BACKWARD = """
DROP TRIGGER prompt_version_stays ON prompts_promptversion;
DROP FUNCTION refuse_prompt_change();
"""


class Migration(migrations.Migration):
    dependencies = [("prompts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
