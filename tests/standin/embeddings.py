"""Embeddings as three vendors word them. A text's vector is the sum of its words' own, so texts that share words lie near."""

import hashlib
import re

import numpy as np

DEFAULT_SIZE = 768


def size_of(model):
    """`scripted-embed` has 768 numbers, `scripted-embed-1024` what it says."""
    found = re.search(r"-(\d+)$", model)
    return int(found[1]) if found else DEFAULT_SIZE


def vector(text, size):
    total = np.full(size, 1e-3)
    for word in re.findall(r"\w+", text.lower()):
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        total += np.random.default_rng(seed).standard_normal(size)
    return [round(float(number), 6) for number in total]


def asked(path, body):
    """Return (model, texts) of a request for embeddings, None for anything else."""
    if path.endswith("/embeddings"):
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        return body.get("model", ""), texts
    if path.endswith("/pipeline/feature-extraction"):
        return path.split("/models/")[1].removesuffix("/pipeline/feature-extraction"), body["inputs"]
    found = re.search(r"/models/([^:]+):batchEmbedContents$", path)
    if found:
        return found[1], ["".join(p["text"] for p in one["content"]["parts"]) for one in body["requests"]]
    return None


def answer(path, model, vectors, tokens):
    if path.endswith("/embeddings"):
        rows = [{"object": "embedding", "index": n, "embedding": one} for n, one in enumerate(vectors)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": model, "data": rows[::-1], "usage": usage}  # the order is the index's
    if path.endswith("feature-extraction"):
        return vectors
    return {"embeddings": [{"values": one} for one in vectors]}
