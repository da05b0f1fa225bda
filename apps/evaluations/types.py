"""Names and values of evaluations. No framework."""

from dataclasses import dataclass

EVALUATION = "evaluation"
"""The kind of job that asks and grades the cases of an EvaluationRun."""
EXPERIMENT = "experiment"
"""The kind of job that looks from time to time at how an Experiment stands, and ends it."""


@dataclass(frozen=True)
class Grade:
    """What came of grading: a score from 0 to 1, and why."""

    score: float
    reason: str = ""
