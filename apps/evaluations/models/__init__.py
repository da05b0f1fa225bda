"""EvaluationSet with its cases, EvaluationRun with what came of each, Experiment; a module a noun."""

from apps.evaluations.models.experiments import Experiment
from apps.evaluations.models.runs import CaseResult, EvaluationRun
from apps.evaluations.models.sets import EvaluationCase, EvaluationSet, Grader

__all__ = ["CaseResult", "EvaluationCase", "EvaluationRun", "EvaluationSet", "Experiment", "Grader"]
