"""The tables of knowledge: `collections` with what lies in them, `sources` that fill them, how well they are found
(`measuring`), and files on their way in (`uploads`, `turns`)."""

from apps.knowledge.models.collections import (
    BUILT_IN_SPACE,
    Chunk,
    ChunkVector,
    ChunkVector384,
    ChunkVector512,
    ChunkVector768,
    ChunkVector1024,
    ChunkVector1536,
    ChunkVector3072,
    Document,
    KnowledgeBase,
    KnowledgeBaseGroupGrant,
    KnowledgeBaseUserGrant,
    Posting,
    every_vector_table,
    storage_path,
    vectors_of_size,
)
from apps.knowledge.models.measuring import Measurement, Question
from apps.knowledge.models.sources import Source, SourceItem
from apps.knowledge.models.turns import Reading, ReadingTurn, ReadPage
from apps.knowledge.models.uploads import Upload

__all__ = [
    "BUILT_IN_SPACE",
    "Chunk",
    "ChunkVector",
    "ChunkVector384",
    "ChunkVector512",
    "ChunkVector768",
    "ChunkVector1024",
    "ChunkVector1536",
    "ChunkVector3072",
    "Document",
    "KnowledgeBase",
    "KnowledgeBaseGroupGrant",
    "KnowledgeBaseUserGrant",
    "Measurement",
    "Posting",
    "Question",
    "ReadPage",
    "Reading",
    "ReadingTurn",
    "Source",
    "SourceItem",
    "Upload",
    "every_vector_table",
    "storage_path",
    "vectors_of_size",
]
