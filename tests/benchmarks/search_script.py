# Runs in the instance's own shell (`tests.benchmarks.search`), with COUNT set: fills four collections, asks, prints figures.
import json
import time
import uuid

import numpy as np
from django.db import connection

from apps.accounts.models import User
from apps.core.language import terms
from apps.core.tenancy import tenant_context
from apps.knowledge import candidates, services
from apps.knowledge.embedding import Space
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.types import Filters
from apps.tenants.hosts import tenant_for_slug

PER_DOCUMENT, QUESTIONS, WORDS = 50, 120, 60
rng = np.random.default_rng(7)
SYLLABLES = [a + b for a in "bdfgklmnprtvz" for b in "aiou"]
VOCABULARY = np.array(["".join(SYLLABLES[n // 52**place % 52] for place in range(3)) for n in range(30_000)])
ODDS = 1 / np.arange(1, len(VOCABULARY) + 1)
ODDS /= ODDS.sum()


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def fill():
    """Four collections with the same number of passages, the last one shut; every second document tagged, and one in forty."""
    bases = [KnowledgeBase.objects.create(name=f"Bench {n}", is_open=n < 3) for n in range(4)]
    centres = unit(rng.normal(size=(COUNT // 60, 384)))  # about sixty passages a topic, as in text
    vectors = unit(centres[rng.integers(len(centres), size=COUNT)] + 0.7 / 19.6 * rng.normal(size=(COUNT, 384)))
    words = rng.choice(VOCABULARY, size=(COUNT, WORDS), p=ODDS)
    documents, chunks, postings = [], [], []
    for place in range(COUNT // PER_DOCUMENT):
        tags = ["half"] * (place % 2) + ["few"] * (place % 40 == 0)
        base = bases[place % 4]
        documents.append(
            Document(
                knowledge_base=base,
                name=f"{place}.md",
                content_hash=str(place),
                size_bytes=1,
                kind="text",
                tags=tags,
                state="ready",
                chunk_count=PER_DOCUMENT,
                file=f"documents/{place}",
            )  # fmt: skip
        )
    Document.objects.bulk_create(documents, batch_size=1000)
    ids = [uuid.uuid4() for _ in range(COUNT)]
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY knowledge_chunk (id, knowledge_base_id, document_id, position, text, heading, length) FROM STDIN"
        ) as copy:
            for n, pk in enumerate(ids):
                document = documents[n // PER_DOCUMENT]
                copy.write_row(
                    (pk, document.knowledge_base_id, document.pk, n % PER_DOCUMENT, " ".join(words[n]), "", WORDS)
                )
        with cursor.copy("COPY knowledge_posting (knowledge_base_id, term, chunk_id, frequency) FROM STDIN") as copy:
            for n, pk in enumerate(ids):
                base = documents[n // PER_DOCUMENT].knowledge_base_id
                own = terms(" ".join(words[n]))
                for term in set(own):
                    copy.write_row((base, term, pk, own.count(term)))
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'vector384_hnsw' AND schemaname = 't_acme'")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX vector384_hnsw")
        with cursor.copy("COPY knowledge_chunkvector384 (chunk_id, knowledge_base_id, embedding) FROM STDIN") as copy:
            for n, pk in enumerate(ids):
                value = "[" + ",".join(map("{:.4f}".format, vectors[n])) + "]"
                copy.write_row((pk, documents[n // PER_DOCUMENT].knowledge_base_id, value))
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(index)
        for table in ("chunk", "posting", "chunkvector384", "document"):
            cursor.execute(f"VACUUM ANALYZE knowledge_{table}")
    for base in bases:
        KnowledgeBase.objects.filter(pk=base.pk).update(chunk_count=COUNT // 4, term_count=COUNT // 4 * WORDS)
    return ids, vectors, words, documents


def timed(work, asked):
    """p95 in ms, and what each gave."""
    took, given = [], []
    for question in asked:
        started = time.perf_counter()
        given.append(work(question))
        took.append(1000 * (time.perf_counter() - started))
    return float(np.percentile(took, 95)), given


def bare(vector):
    query = "[" + ",".join(f"{value:.5f}" for value in vector) + "]"
    with connection.cursor() as cursor:
        cursor.execute(f"SET hnsw.ef_search = {candidates.EF_SEARCH}")
        cursor.execute(
            "SELECT chunk_id FROM knowledge_chunkvector384 ORDER BY embedding <=> %s::halfvec LIMIT 50", [query]
        )
        return cursor.fetchall()


def scope(filters):
    bases = list(KnowledgeBase.objects.visible_to(jonas).filter(name__startswith="Bench"))
    return candidates.scope_of(bases, filters)


def nearest(filters, known=None):
    """`known`: the collections that the person may see, where they were looked up before."""

    def ask(vector):
        place = scope(filters) if known is None else candidates.scope_of(known, filters)
        return candidates.nearest(Space().table, Space().id, vector, place)

    return ask


def by_words(question):
    return candidates.by_words(question, scope(Filters(tags=("half",))))


def recall(given, tag):
    fits = np.array([tag in documents[n // PER_DOCUMENT].tags and n // PER_DOCUMENT % 4 < 3 for n in range(COUNT)])
    own = np.flatnonzero(fits)
    held = []
    for vector, scores in zip(asked, given, strict=True):
        exact = own[np.argsort(-(vectors[own] @ vector))[:10]]
        best = sorted(scores, key=scores.get, reverse=True)[:10]
        held.append(len({ids[n] for n in exact} & set(best)) / 10)
    return float(np.mean(held))


with tenant_context(tenant_for_slug("acme")):
    jonas = User.objects.get(email="jonas@acme.example")
    ids, vectors, words, documents = fill()
    picked = rng.integers(COUNT, size=QUESTIONS)
    asked = unit(vectors[picked] + 0.5 / 19.6 * rng.normal(size=(QUESTIONS, 384)))
    questions = [" ".join(rng.choice(words[n], 5, replace=False)) for n in picked]
    timed(bare, asked[:40])
    bare_ms, _given = timed(bare, asked)
    half = nearest(Filters(tags=("half",)))
    timed(half, asked[:20])
    rights_ms, found = timed(half, asked)
    known = scope(Filters()).bases
    nearest_ms, _given = timed(nearest(Filters(tags=("half",)), known), asked)
    few_ms, found_few = timed(nearest(Filters(tags=("few",)), known), asked)
    timed(by_words, questions[:20])
    words_ms, by_two_stages = timed(by_words, questions)
    candidates.MOST_POSTINGS = candidates.RESCORED = 10**9
    all_words_ms, by_all = timed(by_words, questions)
    candidates.MOST_POSTINGS, candidates.RESCORED = 5_000, 300
    same = np.mean(
        [
            len(set(list(a)[:10]) & set(list(b)[:10])) / max(1, len(list(b)[:10]))
            for a, b in zip(by_two_stages, by_all, strict=True)
        ]
    )
    whole_ms, _given = timed(
        lambda q: services.search_documents(actor=jonas, query=q, filters=Filters(tags=("half",))), questions
    )
    print(json.dumps({
        "bare_ms": bare_ms, "rights_ms": rights_ms, "nearest_ms": nearest_ms, "few_ms": few_ms, "words_ms": words_ms, "whole_ms": whole_ms,
        "all_words_ms": all_words_ms, "same_words": same,
        "recall_half": recall(found, "half"), "recall_few": recall(found_few, "few"),
    }))  # fmt: skip
