"""How good a ranking is, over many questions: recall, mean reciprocal rank, discounted gain. No framework."""

import math
from dataclasses import dataclass


@dataclass
class Tally:
    """Sums over questions; `figures` divides them."""

    questions: int = 0
    recall_1: int = 0
    recall_5: int = 0
    recall_10: int = 0
    reciprocal: float = 0.0
    gain: float = 0.0
    answer_1: int = 0
    answer_3: int = 0

    def add(self, rank: int | None, answered_at: int | None) -> None:
        """Count a question: the right paragraph's rank from 0 (None: not found), the quote that holds the answer."""
        self.questions += 1
        if rank is not None:
            self.recall_1 += rank < 1
            self.recall_5 += rank < 5
            self.recall_10 += rank < 10
            self.reciprocal += 1 / (rank + 1)
            self.gain += 1 / math.log2(rank + 2)
        if answered_at is not None:
            self.answer_1 += answered_at < 1
            self.answer_3 += answered_at < 3

    def figures(self) -> dict[str, float]:
        sums = {
            "recall@1": self.recall_1,
            "recall@5": self.recall_5,
            "recall@10": self.recall_10,
            "mrr@10": self.reciprocal,
            "ndcg@10": self.gain,
            "answer@1": self.answer_1,
            "answer@3": self.answer_3,
        }
        return {name: round(total / max(1, self.questions), 4) for name, total in sums.items()}
