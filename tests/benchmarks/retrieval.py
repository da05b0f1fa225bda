"""Search and quoting on a labelled set beside the repository, when there is one, against words alone and meaning alone."""

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
    out = live.manage(
        "evaluate_retrieval", str(paragraphs), str(questions), "--json", *every, "--meaning", "0.3", "0", "1"
    )
    both, words, meaning = (json.loads(line) for line in out.strip().splitlines()[-3:])
    for name in ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "answer@1", "answer@3"):
        yield f"{name}, words and meaning against words", both[name], words[name]
    yield "mrr@10, words and meaning against meaning", both["mrr@10"], meaning["mrr@10"]
