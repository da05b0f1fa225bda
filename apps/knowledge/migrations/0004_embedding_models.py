"""Collections choose their embedding model; vectors name the space they lie in, in one table for each size.

The table for 384 numbers stays and gains a column with a default, so the code before this goes on writing to it.
"""

import uuid

import django.db.models.deletion
import pgvector.django.halfvec
import pgvector.django.indexes
from django.db import migrations, models

BUILT_IN = uuid.UUID(int=0)
SIZES = (512, 768, 1024, 1536, 3072)
WITH_SPACE = f"""
ALTER TABLE knowledge_chunkvector384 ADD COLUMN space uuid DEFAULT '{BUILT_IN}' NOT NULL;
ALTER TABLE knowledge_chunkvector384 DROP CONSTRAINT knowledge_chunkvector384_pkey;
ALTER TABLE knowledge_chunkvector384 ADD CONSTRAINT knowledge_chunkvector384_pkey PRIMARY KEY (chunk_id, space);
CREATE INDEX knowledge_chunkvector384_chunk_id ON knowledge_chunkvector384 (chunk_id);
"""
WITHOUT_SPACE = f"""
DELETE FROM knowledge_chunkvector384 WHERE space <> '{BUILT_IN}';
DROP INDEX knowledge_chunkvector384_chunk_id;
ALTER TABLE knowledge_chunkvector384 DROP CONSTRAINT knowledge_chunkvector384_pkey;
ALTER TABLE knowledge_chunkvector384 ADD CONSTRAINT knowledge_chunkvector384_pkey PRIMARY KEY (chunk_id);
ALTER TABLE knowledge_chunkvector384 DROP COLUMN space;
"""


def chunk():
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="knowledge.chunk")


def space():
    return models.UUIDField(default=BUILT_IN, db_default=BUILT_IN)


def key():
    return models.CompositePrimaryKey("chunk", "space", blank=True, editable=False, primary_key=True, serialize=False)


def table(size):
    base = models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="knowledge.knowledgebase"
    )
    return migrations.CreateModel(
        name=f"ChunkVector{size}",
        fields=[
            ("pk", key()),
            ("space", space()),
            ("embedding", pgvector.django.halfvec.HalfVectorField(dimensions=size)),
            ("chunk", chunk()),
            ("knowledge_base", base),
        ],
        options={
            "abstract": False,
            "indexes": [
                pgvector.django.indexes.HnswIndex(
                    ef_construction=64,
                    fields=["embedding"],
                    m=16,
                    name=f"vector{size}_hnsw",
                    opclasses=("halfvec_cosine_ops",),
                )
            ],
        },
    )


def model(**options):
    return models.ForeignKey(
        editable=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="providers.providermodel",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0003_grants"), ("providers", "0003_embedding_models")]

    operations = [
        migrations.AddField(
            "knowledgebase", "embedding_model", model(blank=True, verbose_name="found by meaning with")
        ),
        migrations.AddField("knowledgebase", "next_model", model()),
        migrations.AddField(
            "knowledgebase", "is_moving", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        migrations.AddField(
            "knowledgebase", "moved_percent", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AddField(
            "knowledgebase",
            "move_error",
            models.CharField(db_default="", default="", editable=False, max_length=300),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(WITH_SPACE, WITHOUT_SPACE)],
            state_operations=[
                migrations.AddField("chunkvector384", "space", space()),
                migrations.AlterField("chunkvector384", "chunk", chunk()),
                migrations.AddField("chunkvector384", "pk", key()),
            ],
        ),
        *[table(size) for size in SIZES],
    ]
