"""Code in the sandbox: programs that a model writes and that call tools, tools that people write."""

import pytest
from django.utils import timezone

from apps.accounts.services import members
from apps.agents.models import Approval, PythonTool, Run, ToolGrant
from apps.agents.sandbox import interpreter
from apps.agents.sandbox.base import Limits, Program, ProgramFailed
from apps.agents.sandbox.checking import signature_of
from apps.agents.services import approvals, drafts, python_tools, runs, tools, versions
from apps.agents.services import python_tools as services
from apps.core.tenancy import public_context
from apps.jobs.models import Job
from apps.core.errors import Conflict, Forbidden, InvalidInput
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.server import calls, says

TAX = '''def run(amount: float, rate: float = 19.0) -> float:
    """Add a tax to an amount."""
    return round(amount * (1 + rate / 100), 2)
'''


def run(code, *functions, limits=None, **inputs):
    return interpreter.run(
        Program(code, inputs, frozenset(functions), seed=7), lambda *call: {"called": call}, limits or Limits()
    )


def test_value_and_what_is_printed_come_back():
    outcome = run("print('so')\n{'a': [1, 2.5, None, (3,)], 'n': n}", n=4)
    assert (outcome.value, outcome.printed) == ({"a": [1, 2.5, None, [3]], "n": 4}, "so\n")


def test_functions_are_called_with_their_arguments():
    assert run("find('a', n=2)", "find").value == {"called": ["find", ["a"], {"n": 2}]}
    with pytest.raises(ProgramFailed, match="steal"):
        run("steal(1)", "find")


def test_same_program_sees_the_same_world():
    code = "import random, datetime\n[random.random(), str(datetime.datetime.now())]"
    world = Program(code, now=None, seed=3)
    assert interpreter.run(world).value[0] == interpreter.run(world).value[0]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 +", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("while True: pass", "time limit"),
        ("x = 'a' * 10**9", "memory"),
        ("def f(): return f()\nf()", "recursion"),
        ("for i in range(10**7): print(i)", "memory limit"),
        ("'a' * 100_000", "too large"),
        ("#" * 70_000, "too long"),
        ("import socket", "socket"),
        ("open('/etc/passwd').read()", "Permission"),
    ],
)
def test_what_goes_wrong_is_said(code, words):
    with pytest.raises(ProgramFailed, match=words):
        run(code, limits=Limits(seconds=0.5))


def test_tier_is_there():
    assert interpreter.works()


# -- the look at written code --------------------------------------------------------------------------------------


def test_signature_is_read_off():
    code = '''from typing import Literal


def run(amount: float, names: list[str], kind: Literal["a", "b"], more: dict, *, loud: bool = False) -> str:
    """Do it."""
    return ""
'''
    found = signature_of(code)
    assert found.description == "Do it." and found.parameters["required"] == ["amount", "names", "kind", "more"]
    assert found.parameters["properties"]["names"] == {"type": "array", "items": {"type": "string"}}
    assert found.parameters["properties"]["kind"] == {"enum": ["a", "b"]}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def run(:", "Line 1"),
        ("x = 1", "run"),
        ("def run(a: int):\n    return a", "docstring"),
        ("def run(a):\n    '''W.'''\n    return a", "say what a is"),
        ("def run(*a: int):\n    '''W.'''\n    return a", "name each parameter"),
        ("import os\ndef run():\n    '''W.'''", "Line 1: os cannot be imported"),
        ("from . import x\ndef run():\n    '''W.'''", "cannot be imported"),
        ("def run():\n    '''W.'''\n    return eval('1')", "Line 3: eval"),
        ("def run():\n    '''W.'''\n    return ().__class__", "Line 3: __class__"),
    ],
)
def test_code_that_would_not_do_is_refused_with_its_line(code, words):
    with pytest.raises(ProgramFailed, match=words):
        signature_of(code)


# -- tools that people write ---------------------------------------------------------------------------------------


@pytest.fixture
def builder(in_acme):
    return members.create_user(email="bo@acme.example", name="Bo", password=PASSWORD, role="builder")


def write(builder, **values):
    return services.save_tool(actor=builder, values={"name": "with_tax", "code": TAX} | values)


@pytest.mark.django_db
def test_written_tool_is_given_and_called(builder, member, agent, scripted, work):
    write(builder, title="Tax")
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "python_with_tax"}])
    scripted.script(calls("python_with_tax", {"amount": 100}), says("119."))
    asked = runs.start_run(actor=member, agent=agent, question="With tax?")
    work("agents")
    assert finished(asked).answer == "119."
    assert asked.events.get(kind="tool").payload["result"] == '{"value":119.0}'


@pytest.mark.django_db
def test_written_tool_is_renamed_with_its_grants_and_kept_while_used(builder, member, agent):
    row = write(builder)
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "python_with_tax"}])
    services.save_tool(actor=builder, tool=row, values={"name": "taxed"})
    assert ToolGrant.objects.get().tool == "python_taxed"
    with pytest.raises(Conflict):
        services.remove_tool(actor=builder, tool=row)
    tools.set_tools(actor=builder, agent=agent, wanted=[])
    services.remove_tool(actor=builder, tool=row)
    assert not PythonTool.objects.exists()
    with pytest.raises(Forbidden):
        write(member)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": "With tax"}, "name"), ({"code": "x"}, "code"), ({"code": "import os"}, "code")],
)
def test_what_does_not_fit_is_told_at_its_field(values, field, builder):
    with pytest.raises(InvalidInput) as caught:
        write(builder, **values)
    assert caught.value.field == field and not PythonTool.objects.exists()


@pytest.mark.django_db
def test_written_by_pages(builder, member, acme):
    site = client_for(acme, builder)
    assert "Nobody has written one" in site.get("/agents/python/").content.decode()
    assert "def run" in site.get("/agents/python/new/").content.decode()
    bad = site.post("/agents/python/new/", {"name": "with_tax", "code": "import os"})
    assert bad.status_code == 422 and "Line 1" in bad.content.decode()
    tried = site.post("/agents/python/try/", {"code": TAX, "arguments": '{"amount": 100, "rate": 7}'})
    assert "107" in tried.content.decode() and not PythonTool.objects.exists()
    wrong = site.post("/agents/python/try/", {"code": TAX, "arguments": '{"amount": "x"}'})
    assert wrong.status_code == 422 and "schema" in wrong.content.decode()
    assert site.post("/agents/python/try/", {"code": TAX, "arguments": "{"}).status_code == 422
    made = site.post("/agents/python/new/", {"name": "with_tax", "title": "Tax", "code": TAX})
    shown = site.get(made.url).content.decode()
    assert "Add a tax to an amount." in shown and "Has to be given" in shown
    assert "Tax" in site.get("/agents/python/").content.decode()
    site.post(f"{made.url}remove/")
    assert not PythonTool.objects.exists()
    assert client_for(acme, member).get("/agents/python/").status_code == 403


@pytest.mark.django_db
def test_written_by_api(builder, acme):
    api = api_for(acme, builder)
    made = api.post("/api/v1/config/agents/python-tools", {"name": "with_tax", "code": TAX}, format="json")
    assert made.status_code == 201 and made.json()["parameters"]["required"] == ["amount"]
    body = {"code": TAX, "arguments": {"amount": 10}}
    tried = api.post("/api/v1/config/agents/python-tools/try", body, format="json").json()
    assert tried == {"value": 11.9, "printed": ""}
    address = f"/api/v1/config/agents/python-tools/{made.json()['id']}"
    assert api.put(address, {"name": "with_tax", "code": "x"}, format="json").status_code == 422
    assert api.delete(address).status_code == 204
    assert api.get("/api/v1/config/agents/python-tools").json() == []


# -- programs that a model writes ----------------------------------------------------------------------------------


def give(builder, agent, *keys, **extra):
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": key} | extra for key in ("run_python", *keys)])


@pytest.mark.django_db
def test_program_calls_tools_and_each_is_a_step(builder, member, agent, scripted, work):
    give(builder, agent, "calculate")
    code = "total = 0\nfor n in (1, 2):\n    total += float(calculate(expression=f'{n} * 10')['value'])\nprint('so')\ntotal"
    scripted.script(calls("run_python", {"code": code}), says("30."))
    asked = runs.start_run(actor=member, agent=agent, question="Sum?")
    work("agents")
    assert finished(asked).answer == "30."
    steps = list(asked.events.filter(kind="tool").values_list("name", "payload__result"))
    assert steps == [
        ("calculate", '{"value":"10"}'),
        ("calculate", '{"value":"20"}'),
        ("run_python", '{"value":30.0,"printed":"so\\n"}'),
    ]
    told = [message for message in scripted.asked[-1].body["messages"] if message["role"] == "tool"]
    assert len(told) == 1, "the model is told what the program came to, not what its calls did"


@pytest.mark.django_db
def test_program_that_is_taken_up_again_repeats_no_call(builder, member, agent, scripted, work, monkeypatch):
    """A worker lost after the first call: another one runs the program again, and the call is not done again."""
    from apps.agents import acting

    give(builder, agent, "calculate")
    code = "[calculate('1 + 1'), calculate(expression='2 + 2')]"
    scripted.script(calls("run_python", {"code": code}), says("Done."))
    asked = runs.start_run(actor=member, agent=agent, question="Sum?")
    real, done = acting.Act.go, []

    def go(act):
        if act.tool.spec.name == "calculate":
            done.append(act.call.id)
            if len(done) == 2:
                raise ConnectionResetError("lost")
        return real(act)

    monkeypatch.setattr(acting.Act, "go", go)
    work("agents")
    assert len(done) == 2 and not Run.objects.get(pk=asked.pk).is_final
    with public_context():
        Job.objects.update(not_before=timezone.now())
    work("agents")
    assert finished(asked).answer == "Done."
    assert [done.count(call) for call in dict.fromkeys(done)] == [1, 2], "only the call that was lost is done again"
    assert asked.events.filter(name="calculate").count() == 2


@pytest.mark.django_db
def test_call_in_a_program_waits_for_people_and_the_program_goes_on(builder, member, agent, scripted, work):
    tools.set_tools(
        actor=builder,
        agent=agent,
        wanted=[{"tool": "run_python"}, {"tool": "calculate", "consent": "always"}],
    )
    code = "a = calculate(expression='1 + 1')['value']\nb = calculate(expression=f'{a} * 3')['value']\nb"
    scripted.script(calls("run_python", {"code": code}), says("6."))
    asked = runs.start_run(actor=member, agent=agent, question="Sum?")
    for expression in ("1 + 1", "2 * 3"):
        work("agents")
        waiting = Approval.objects.get(state="pending")
        assert waiting.arguments == {"expression": expression}
        approvals.approve(actor=member, approval=waiting, digest=waiting.digest)
    work("agents")
    assert finished(asked).answer == "6." and Approval.objects.count() == 2


@pytest.mark.django_db
def test_program_has_no_tool_that_the_run_has_not(builder, member, agent, scripted, work):
    give(builder, agent, "calculate")
    code = "try:\n    calculate(expression='1')\nexcept NameError as error:\n    r = str(error)\nr"
    scripted.script(calls("run_python", {"code": code}), says("So."))
    asked = runs.start_run(actor=member, agent=agent, question="Sum?", tools=["run_python"])
    work("agents")
    assert "not defined" in asked.events.get(kind="tool").payload["result"]


@pytest.mark.django_db
def test_what_goes_wrong_in_a_program_is_told_to_the_model(builder, member, agent, scripted, work):
    give(builder, agent, "calculate")
    looped = "while True:\n    calculate(expression='1')"
    scripted.script(calls("run_python", {"code": "1 / 0"}), calls("run_python", {"code": looped}), says("I cannot."))
    asked = runs.start_run(actor=member, agent=agent, question="Sum?")
    work("agents")
    assert finished(asked).answer == "I cannot."
    first, last = asked.events.filter(name="run_python").values_list("payload__result", flat=True)
    assert "ZeroDivisionError" in first and "more than 50" in last


@pytest.mark.django_db
def test_way_back_brings_no_tool_that_was_removed(builder, agent):
    row = write(builder)
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "python_with_tax"}])
    versions.keep(builder, agent)
    tools.set_tools(actor=builder, agent=agent, wanted=[])
    python_tools.remove_tool(actor=builder, tool=row)
    assert drafts.restore(actor=builder, agent=agent, version=agent.versions.get(number=2)) == ["python_with_tax"]
