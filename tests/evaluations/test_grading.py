"""How answers are graded: in code, by likeness, by a model."""

import pytest

from apps.core.errors import InvalidInput
from apps.evaluations import grading
from apps.evaluations.errors import CannotGrade, GradeLater
from apps.evaluations.models import CaseResult, EvaluationRun, EvaluationSet

SCHEMA = '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}'


def graded(grader, expected, answer):
    run = EvaluationRun(evaluation_set=EvaluationSet())
    return grading.grade(CaseResult(evaluation_run=run, grader=grader, expected=expected, answer=answer))


@pytest.mark.parametrize(
    ("grader", "expected", "answer", "score"),
    [
        ("contains", "28 days\nManager", "You have  28\nDAYS; ask your manager.", 1.0),
        ("contains", "28 days\nHR", "You have 28 days.", 0.5),
        ("contains", "Straße", "STRASSE", 1.0),
        ("exact", " Yes. ", "Yes.\n", 1.0),
        ("exact", "Yes.", "yes.", 0.0),
        ("schema", SCHEMA, '```json\n{"total": 3}\n```', 1.0),
        ("schema", SCHEMA, '{"total": "3"}', 0.0),
        ("schema", SCHEMA, "three", 0.0),
    ],
)
def test_in_code(grader, expected, answer, score):
    assert graded(grader, expected, answer).score == score


def test_a_reason_says_what_is_missing():
    assert graded("contains", "28 days\nHR", "You have 28 days.").reason == "Missing: “HR”"
    assert graded("schema", SCHEMA, '{"total": "3"}').reason.startswith("$.total:")


def test_deep_json_is_no_answer_and_no_fault():
    assert graded("schema", SCHEMA, "[" * 100_000).score == 0.0


@pytest.mark.parametrize(
    "schema",
    ["", "nothing", "[]", "true", '{"type": 3}', '{"pattern": "(a+)+$"}', '{"items": [{"patternProperties": {}}]}'],
)
def test_what_is_no_schema_or_may_take_for_ever_is_refused(schema):
    with pytest.raises(InvalidInput) as refused:
        grading.checked_schema(schema)
    assert refused.value.field == "expected"


def test_a_property_may_be_called_pattern():
    schema = '{"properties": {"pattern": {"type": "string"}}}'
    assert grading.checked_schema(schema) == schema


def test_a_schema_is_fetched_from_nowhere(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *a, **k: pytest.fail("it asked outside"))
    for schema in ('{"$ref": "http://169.254.169.254/x"}', '{"$ref": "#/nowhere"}'):
        with pytest.raises(CannotGrade, match="points to"):
            graded("schema", schema, "{}")


def test_likeness_is_of_meaning_not_of_words():
    near = graded("similar", "Employees get 28 days of holiday.", "Staff have twenty-eight days of paid leave a year.")
    far = graded("similar", "Employees get 28 days of holiday.", "The printer on the second floor is out of paper.")
    assert 0.0 <= far.score < 0.4 < near.score <= 1.0


def test_the_built_in_model_compares_english_alone():
    with pytest.raises(CannotGrade, match="English"):
        graded("similar", "Die Beschäftigten haben 28 Tage Urlaub.", "Es gibt 28 Tage Urlaub für die Beschäftigten.")


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ('{"mark": 8, "reason": "Names the days."}', 0.8),
        ('Here it is:\n```json\n{"mark": 0, "reason": ""}\n```', 0.0),
        ('{"mark": "10"}', 1.0),
    ],
)
def test_a_judge_gives_a_mark(said, score):
    assert grading.marked(said).score == score


@pytest.mark.parametrize(
    "said", ["", "Good!", "{}", '{"mark": "good"}', '{"mark": 11}', '{"mark": -1}', '{"mark": NaN}', "[1]"]
)
def test_what_is_no_mark_is_asked_for_again(said):
    with pytest.raises(GradeLater):
        grading.marked(said)
