"""Several agents asked the same at once, and one answer made of theirs, with the sources of each."""

import json

import pytest

from apps.agents.models import Agent, Approval, Run
from apps.agents.records import sources_of
from apps.agents.rendering import card_of
from apps.agents.services import approvals, tools
from apps.agents.services.runs import start_run
from apps.core.errors import InvalidInput
from tests.agents.test_runs import finished
from tests.standin.server import calls, fails, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel(agent, admin_user, scripted):
    """An agent that may ask two others: a lawyer and a buyer, on the same model."""
    others = [Agent.objects.create(name=name, model=agent.model) for name in ("Buyer", "Lawyer")]
    wanted = [{"tool": "ask_several", "colleagues": others}]
    tools.set_tools(actor=admin_user, agent=agent, wanted=wanted)
    return agent


def ask(member, agent, work_on, *turns, scripted):
    asked = calls("ask_several", {"agents": ["Lawyer", "Buyer"], "question": "May we sign?"})
    scripted.script(asked, *turns)
    run = start_run(actor=member, agent=agent, question="Should we sign the contract?")
    work_on()
    return finished(run)


def test_answers_of_all_come_back_to_be_made_one(member, panel, scripted, work_on):
    run = ask(
        member,
        panel,
        work_on,
        says("The price is fair."),
        says("Clause 4 is odd."),
        says("Not yet."),
        scripted=scripted,
    )
    assert (run.state, run.answer) == ("succeeded", "Not yet.")
    assert {child.agent.name for child in run.children.all()} == {"Buyer", "Lawyer"}
    assert {child.question for child in run.children.all()} == {"May we sign?"}
    told = json.loads(scripted.asked[-1].body["messages"][-1]["content"])
    assert {each["agent"] for each in told["answers"]} == {"Buyer", "Lawyer"}
    assert {each["answer"] for each in told["answers"]} == {"The price is fair.", "Clause 4 is odd."}


def test_one_that_fails_does_not_keep_the_others_back(member, panel, scripted, work_on):
    run = ask(
        member, panel, work_on, fails(401), says("Clause 4 is odd."), says("Only one answered."), scripted=scripted
    )
    assert run.answer == "Only one answered."
    told = json.loads(scripted.asked[-1].body["messages"][-1]["content"])
    assert sorted("error" in each for each in told["answers"]) == [False, True]


def test_sources_of_each_keep_numbers_of_their_own(member, panel, base, scripted, work_on, work):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.knowledge import services as knowledge

    for name, text in (("a.md", "# Price\n\nThe price is 40."), ("b.md", "# Clause\n\nClause 4 binds us.")):
        knowledge.upload_document(actor=member, knowledge_base=base, upload=SimpleUploadedFile(name, text.encode()))
    work("documents")
    for other in Agent.objects.filter(name__in=("Buyer", "Lawyer")):
        other.knowledge_bases.add(base)

    def search(asked):
        done = any(message["role"] == "tool" for message in asked.body["messages"])
        return says("So it says [1].") if done else calls("search_knowledge", {"query": "price"})

    run = ask(member, panel, work_on, search, search, search, search, says("Both [1] [2]."), scripted=scripted)
    numbers = [source.number for source in sources_of(run)]
    assert numbers == sorted(set(numbers)) and len(numbers) == len({source.chunk_id for source in sources_of(run)})
    told = json.loads(scripted.asked[-1].body["messages"][-1]["content"])
    assert all("[" in each["answer"] for each in told["answers"])


def test_question_that_waits_for_a_yes_is_changed_before(member, panel, admin_user, scripted, work_on):
    others = list(Agent.objects.filter(name__in=("Buyer", "Lawyer")))
    wanted = [{"tool": "ask_several", "colleagues": others, "consent": "always"}]
    tools.set_tools(actor=admin_user, agent=panel, wanted=wanted)
    ask(member, panel, work_on, scripted=scripted)
    approval = Approval.objects.get()
    changed = {"agents": ["Buyer"], "question": "Is the price fair?"}
    assert card_of(approval, member).form.fields["agents"].required
    approval = approvals.edit(actor=member, approval=approval, arguments=changed)
    with pytest.raises(InvalidInput):
        approvals.edit(actor=member, approval=approval, arguments=changed | {"agents": ["Somebody"]})
    approvals.approve(actor=member, approval=approval, digest=approval.digest)
    scripted.script(says("It is."), says("Yes."))
    work_on()
    assert [child.question for child in Run.objects.filter(parent__isnull=False)] == ["Is the price fair?"]


def test_agent_that_the_person_may_not_ask_is_left_out(member, panel, scripted, work_on):
    Agent.objects.filter(name="Lawyer").update(is_open=False)
    run = ask(member, panel, work_on, says("The price is fair."), says("One."), scripted=scripted)
    assert [child.agent.name for child in run.children.all()] == ["Buyer"]
    assert Run.objects.count() == 2 and run.answer == "One."
