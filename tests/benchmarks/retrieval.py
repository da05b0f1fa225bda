"""Search and quoting on a labelled set beside the repository, when there is one, against full text alone."""

import json
import os
from pathlib import Path

FOLDER = Path(os.environ.get("EVAL_DIR") or Path(__file__).resolve().parents[3] / "shared" / "eval")


def measure(live, is_full):
    paragraphs, questions = FOLDER / "squad_dev_paragraphs.jsonl", FOLDER / "squad_dev_questions.jsonl"
    if not questions.exists():
        print(f"no labelled set in {FOLDER}; set EVAL_DIR")
        return
    every = ["--every", "1" if is_full else "20"]
    hybrid = _run(live, paragraphs, questions, every)
    empty = str(live.folder / "no-model")
    live.environment["EMBEDDING_MODEL_DIR"], kept = empty, live.environment["EMBEDDING_MODEL_DIR"]
    words = _run(live, paragraphs, questions, every)
    live.environment["EMBEDDING_MODEL_DIR"] = kept
    for name in ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "answer@1", "answer@3"):
        yield f"{name}, words and meaning against words", hybrid[name], words[name]


def _run(live, paragraphs, questions, every):
    out = live.manage("evaluate_retrieval", str(paragraphs), str(questions), "--json", *every)
    return json.loads(out.strip().splitlines()[-1])
