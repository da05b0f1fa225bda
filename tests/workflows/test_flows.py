"""The language of workflows, without a database: where one stands, what is filled in, what is wrong with it, and changing it."""

from uuid import UUID

import pytest
from pydantic import BaseModel

from apps.prompts.types import Variable
from apps.workflows.flows import editing
from apps.workflows.flows.checking import Worker, problems_of, scope_before
from apps.workflows.flows.editing import Spot
from apps.workflows.flows.places import filled, holds
from apps.workflows.flows.shapes import LIST, TEXT, Shape, paths_of, shape_of
from apps.workflows.flows.steps import BadFlow, Condition, every_step, flow_of
from apps.workflows.flows.walking import Known, walk

ANN, BO = UUID(int=1), UUID(int=2)
QUESTION = [Variable("question", "long_text")]
WORKERS = {
    ANN: Worker("Ann", QUESTION, Shape("object", {"answer": TEXT})),
    BO: Worker("Bo", [Variable("tender", "file"), Variable("client", is_required=False)], Shape("object", {"answer": TEXT, "open": LIST})),
}  # fmt: skip


def asks(name, question="What?", agent=ANN, **more):
    return {"kind": "agent", "name": name, "agent": str(agent), "values": {"question": question}, **more}


def person(name="check", **more):
    return {"kind": "person", "name": name, "text": "Is it good?", **more}


def flow(*steps, **more):
    return flow_of({"steps": list(steps), **more})


def come(known, steps, scope=None):
    """Return where it stands: its state, and the keys of what can begin."""
    came = walk(
        steps.steps,
        {key: Known(*about) if isinstance(about, tuple) else Known(about) for key, about in known.items()},
        scope or {},
    )
    return came.state, [ready.key for ready in came.ready]


def test_one_after_the_other():
    two = flow(asks("first"), asks("second"))
    assert come({}, two) == ("open", ["first"])
    assert come({"first": "open"}, two) == ("open", [])
    assert come({"first": "done"}, two) == ("open", ["second"])
    assert come({"first": "done", "second": "done"}, two) == ("done", [])
    assert come({"first": "failed"}, two) == ("failed", [])


def test_beside_each_other_one_that_fails_lets_the_others_end():
    both = flow({"kind": "parallel", "name": "both", "lanes": [[asks("a"), asks("a2")], [asks("b")]]}, asks("last"))
    assert come({}, both) == ("open", ["a", "b"])
    assert come({"a": "failed", "b": "open"}, both) == ("open", [])
    assert come({"a": "failed", "b": "done"}, both) == ("failed", [])
    assert come({"a": "done", "b": "done"}, both) == ("open", ["a2"])
    assert come({"a": "done", "a2": "done", "b": "done"}, both) == ("open", ["last"])


@pytest.mark.parametrize(("answer", "next_one"), [("Decline", "no"), ("approve", "yes")])
def test_lane_by_a_condition(answer, next_one):
    steps = flow(
        person(),
        {
            "kind": "branch",
            "name": "either",
            "condition": {"place": "check.choice", "value": "Approve"},
            "lanes": [[asks("yes")], [asks("no")]],
        },
    )
    assert come({"check": ("done", {"choice": answer})}, steps) == ("open", [next_one])


def test_again_until_it_holds_and_no_more_often_than_said():
    loop = {
        "kind": "loop",
        "name": "improve",
        "until": {"place": "check.choice", "value": "Approve"},
        "most": 2,
        "lanes": [[asks("draft"), person()]],
    }
    steps = flow(loop, asks("send"))
    first = {"improve/1/draft": "done", "improve/1/check": ("done", {"choice": "Again", "comment": "shorter"})}
    assert come({}, steps) == ("open", ["improve/1/draft"])
    assert come(first, steps) == ("open", ["improve/2/draft"])
    second = first | {"improve/2/draft": "done"}
    assert come(second | {"improve/2/check": ("done", {"choice": "Approve"})}, steps) == ("open", ["send"])
    assert come(second | {"improve/2/check": ("done", {"choice": "Again"})}, steps) == ("open", ["send"])
    known = {key: Known(*about) if isinstance(about, tuple) else Known(about) for key, about in first.items()}
    assert walk(steps.steps, known, {}).ready[0].scope["check"]["comment"] == "shorter"
    end = walk(
        steps.steps,
        known | {"improve/2/draft": Known("done"), "improve/2/check": Known("done", {"choice": "Approve"})},
        {},
    )
    assert end.scope["improve"] == {"rounds": 2, "met": True}


def test_what_is_filled_in_brings_no_places_of_its_own():
    scope = {
        "topic": "{{ secret }}",
        "secret": "hidden",
        "check": {"open": ["A", "B"], "cost": {"value": "12.50"}, "ok": True},
    }
    assert filled("About {{ topic }}: {{check.open.count}} open, {{ check.cost.value }}, {{ check.ok }}", scope) == (
        "About {{ secret }}: 2 open, 12.50, yes"
    )
    assert filled("[{{ nothing.there }}][{{ check }}]", scope) == "[][]"


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ("equals", "12.5", True), ("equals", "12.50", False), ("differs", "a", True), ("contains", "2.", True), ("contains", "", False),
        ("above", "12", True), ("above", "12.5", False), ("below", "13", True), ("below", "many", False), ("filled", "", True), ("empty", "", False),
    ],
)  # fmt: skip
def test_conditions(test, value, expected):
    assert holds(Condition(place="a.cost", test=test, value=value), {"a": {"cost": "12.5"}}) is expected


def words(*steps, **more):
    return [problem.words for problem in problems_of(flow(*steps, **more), WORKERS, {7})]


def test_sound_workflow_has_no_problems():
    tender = {"name": "tender", "kind": "file"}
    check = {
        "kind": "agent",
        "name": "check",
        "agent": str(BO),
        "values": {"tender": "{{ tender }}", "client": "{{ organisation }}"},
    }
    branch = {
        "kind": "branch",
        "name": "either",
        "condition": {"place": "check.open.count", "test": "above", "value": "0"},
        "lanes": [[asks("write", "{{ check.answer }}")], []],
    }
    assert (
        words(
            check,
            branch,
            person("approval", text="{{ write.answer }}", group=7),
            inputs=[tender],
            result="{{ check.answer }}",
        )
        == []
    )


@pytest.mark.parametrize(
    ("steps", "more", "expected"),
    [
        ([], {}, "Add a step first."),
        ([asks("a", agent=UUID(int=9))], {}, "its agent is not there"),
        ([asks("a", " ")], {}, "fill in “Question”"),
        ([asks("a", "{{ b.answer }}"), asks("b")], {}, "Nothing before “a” is called {{ b.answer }}"),
        ([asks("a"), asks("a")], {}, "“a” is taken"),
        ([asks("today")], {}, "“today” is taken"),
        ([asks("a", agent=BO, values={"tender": "the tender"})], {}, "takes a file"),
        ([asks("a", "{{ tender }}")], {"inputs": [{"name": "tender", "kind": "file"}]}, "is a file"),
        ([person(group=8)], {}, "group that decides is not there"),
        ([person(text=" ")], {}, "say what is to be decided"),
        ([{"kind": "parallel", "name": "both", "lanes": [[asks("a")], []]}], {}, "is empty"),
        ([asks("a")], {"result": "{{ b.answer }}"}, "Nothing is called {{ b.answer }}"),
        (
            [{"kind": "parallel", "name": "both", "lanes": [[asks("a")], [asks("b", "{{ a.answer }}")]]}],
            {},
            "Nothing before “b”",
        ),
    ],
)
def test_what_is_wrong_is_told(steps, more, expected):
    assert any(expected in each for each in words(*steps, **more))


def test_list_is_no_text_but_can_be_counted():
    tender = [{"name": "tender", "kind": "file"}]
    check = {"kind": "agent", "name": "check", "agent": str(BO), "values": {"tender": "{{ tender }}"}}
    assert "is a list" in words(check, asks("b", "{{ check.open }}"), inputs=tender)[0]
    assert words(check, asks("b", "{{ check.open.count }}"), inputs=tender) == []


def test_step_of_a_loop_sees_the_round_before():
    loop = {
        "kind": "loop",
        "name": "improve",
        "until": {"place": "check.choice", "value": "Approve"},
        "lanes": [[asks("draft", "Mend: {{ check.comment }}"), person()]],
    }
    assert words(loop, asks("send", "{{ improve.rounds }} rounds")) == []


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"steps": [{"kind": "dance", "name": "a"}]}, "steps.0"),
        ({"steps": [{"kind": "agent", "name": "A b", "agent": str(ANN)}]}, "steps.0.name"),
        ({"steps": [{"kind": "loop", "name": "a", "until": {"place": "x"}, "most": 99}]}, "steps.0.most"),
        ({"steps": [{"kind": "parallel", "name": "a", "lanes": [[]]}]}, "steps.0.lanes"),
        ({"colour": 1}, "colour"),
        ("steps", ""),
    ],
)
def test_what_is_no_workflow_is_refused_with_the_place(raw, field):
    with pytest.raises(BadFlow) as refused:
        flow_of(raw)
    assert refused.value.field == field


def test_shape_of_a_typed_result():
    class Cost(BaseModel):
        value: float
        how: str | None

    class Result(BaseModel):
        tasks: list[Cost]
        total: Cost
        by_name: dict[str, Cost]

    shape = shape_of(Result)
    assert paths_of(shape.fields) == ["tasks.count", "total.value", "total.how"]
    assert shape.fields["total"].fields["value"].kind == "number"


def names(steps):
    return [step.name for step, _depth in every_step(steps.steps)]


def test_changing_it_step_by_step():
    start = flow(asks("a"), {"kind": "parallel", "name": "both", "lanes": [[asks("b")], []]}, asks("c"))
    added = editing.with_step(start, flow(person("check")).steps[0], Spot("both", 1, 0))
    assert names(added) == ["a", "both", "b", "check", "c"] and names(start) == ["a", "both", "b", "c"]
    assert names(editing.moved(added, "c", -1)) == ["a", "c", "both", "b", "check"]
    assert names(editing.moved(added, "a", -1)) == names(added)
    assert names(editing.without_step(added, "both")) == ["a", "c"]
    assert names(editing.without_step(added, "b")) == ["a", "both", "check", "c"]
    titled = editing.with_changed(added, "b", lambda step: step.model_copy(update={"title": "Bee"}))
    assert [step.title for step, _depth in every_step(titled.steps) if step.name == "b"] == ["Bee"]
    with pytest.raises(KeyError):
        editing.with_step(start, person(), Spot("both", 2, 0))
    assert (
        editing.free_name(added, "Check!", "step") == "check_2"
        and editing.free_name(added, "Prüfen", "step") == "pr_fen"
    )


def test_what_stands_before_a_step():
    steps = flow(asks("a"), asks("b"), inputs=[{"name": "topic"}])
    assert "a" not in scope_before(steps, "a", WORKERS) and "topic" in scope_before(steps, "a", WORKERS)
    assert paths_of(scope_before(steps, "b", WORKERS))[-1] == "a.answer"
