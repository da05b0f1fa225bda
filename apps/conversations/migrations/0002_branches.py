"""Messages become a tree: what was a flat list with replaced entries gets parents."""

import django.db.models.deletion
from django.db import migrations, models

FIND_PARENTS = """
    UPDATE conversations_message m SET
        is_shown = NOT m.is_replaced,
        parent_id = (
            SELECT b.id FROM conversations_message b
            WHERE b.conversation_id = m.conversation_id AND b.position < m.position
              AND (CASE WHEN m.role = 'assistant' THEN b.role = 'user' ELSE NOT b.is_replaced END)
            ORDER BY b.position DESC LIMIT 1
        )
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="parent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="children",
                to="conversations.message",
            ),
        ),
        migrations.AddField(model_name="message", name="is_shown", field=models.BooleanField(default=True)),
        migrations.RunSQL([FIND_PARENTS, "SET CONSTRAINTS ALL IMMEDIATE"], migrations.RunSQL.noop),
        migrations.RemoveField(model_name="message", name="is_replaced"),
    ]
