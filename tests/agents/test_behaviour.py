"""How agents answer: prompts, personalities and business rules, from the page to what the model is told."""

import pytest

from apps.agents import composing, shipped
from apps.agents.models import Personality, RuleSet, Run
from apps.agents.services import behaviour, personalities, rule_sets
from apps.agents.services import runs as services
from apps.audit.models import AuditEvent, SecurityEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.prompts.models import PromptLabel
from apps.prompts.services import library
from tests.agents.test_runs import finished
from tests.conftest import api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def prompt(admin):
    made = library.create_prompt(actor=admin, name="Desk", text="You are the {{ desk }} desk of {{ organisation }}.")
    library.set_label(actor=admin, prompt=made, name="production", version=made.versions.get())
    return made


def told(scripted, number=-1):
    return next(m["content"] for m in scripted.asked[number].body["messages"] if m["role"] == "system")


def ask(actor, agent, work, question="Hello?"):
    agent.refresh_from_db()
    run = services.start_run(actor=actor, agent=agent, question=question)
    work("agents")
    return finished(run)


# -- what ships ----------------------------------------------------------------------------------------------------


def test_every_organisation_has_what_ships(in_acme):
    assert {p.key for p in Personality.objects.exclude(key="")} == {"analytical", "creative"}
    sets = {rules.key: rules for rules in RuleSet.objects.exclude(key="")}
    assert set(sets) == {"financial_adviser", "content_creator", "technical_support"}
    assert [rule.name for rule in sets["financial_adviser"].rules.all()] == [
        "Risk questions first",
        "No guaranteed returns",
        "Disclaimer",
    ]


def test_what_ships_leaves_names_that_are_taken(in_acme):
    Personality.objects.filter(key="creative").delete()
    own = Personality.objects.create(name="Creative", tone="ours")
    shipped.sync(None)
    own.refresh_from_db()
    assert own.tone == "ours" and Personality.objects.get(key="creative").name == "Creative (Guildhall)"


def test_what_ships_is_copied_and_never_changed(admin):
    rules, personality = RuleSet.objects.get(key="technical_support"), Personality.objects.get(key="creative")
    for change in (
        lambda: rule_sets.save_rule_set(actor=admin, values={"name": "Mine"}, rule_set=rules),
        lambda: rule_sets.remove_rule(actor=admin, rule=rules.rules.first()),
        lambda: rule_sets.remove_rule_set(actor=admin, rule_set=rules),
        lambda: personalities.save_personality(actor=admin, values={"name": "Mine"}, personality=personality),
        lambda: personalities.remove_personality(actor=admin, personality=personality),
    ):
        with pytest.raises(Conflict, match="ships"):
            change()
    copy = rule_sets.copy_rule_set(actor=admin, rule_set=rules)
    assert (copy.name, copy.key, copy.rules.count()) == ("Technical support, copy 1", "", 2)
    assert rule_sets.copy_rule_set(actor=admin, rule_set=rules).name == "Technical support, copy 2"


# -- what the model is told ----------------------------------------------------------------------------------------


def test_parts_come_in_order_and_reach_the_model(admin, agent, prompt, scripted, work):
    values = {
        "prompt": prompt,
        "prompt_label": "production",
        "prompt_values": {"desk": "travel", "unknown": "x"},
        "instructions": "Be kind.",
        "personality": Personality.objects.get(key="analytical"),
        "rule_sets": [RuleSet.objects.get(key="technical_support")],
    }
    behaviour.set_behaviour(actor=admin, agent=agent, values=values)
    assert agent.prompt_values == {"desk": "travel"}
    sections = composing.sections_of(agent, admin)
    assert [section.origin for section in sections] == ["prompt", "instructions", "personality", "rules", "citing"]
    run = ask(admin, agent, work)
    assert told(scripted) == composing.told(sections) == run.instructions
    assert told(scripted).startswith("You are the travel desk of Acme Ltd.\n\nBe kind.\n\nAnswer as somebody who is")
    assert run.prompt_version.number == 1
    page = client_for(run_tenant(), admin).get(f"/runs/{run.pk}/").content.decode()
    assert f"/prompts/{prompt.pk}/?version=1" in page


def run_tenant():
    from apps.core.tenancy import current_tenant

    return current_tenant()


def test_a_label_that_moves_moves_the_agent_and_not_what_runs(admin, agent, prompt, scripted, work):
    behaviour.set_behaviour(
        actor=admin,
        agent=agent,
        values={"prompt": prompt, "prompt_label": "production", "prompt_values": {"desk": "a"}},
    )
    begun = services.start_run(actor=admin, agent=agent, question="First?")
    second = library.add_version(actor=admin, prompt=prompt, text="Second for {{ desk }}.")
    library.set_label(actor=admin, prompt=prompt, name="production", version=second)
    work("agents")
    assert "You are the a desk" in told(scripted) and finished(begun).prompt_version.number == 1
    assert ask(admin, agent, work).prompt_version == second
    assert told(scripted).startswith("Second for a.")


def test_an_agent_pinned_to_a_version_stays_there(admin, agent, prompt, scripted, work):
    version = prompt.versions.get()
    behaviour.set_behaviour(
        actor=admin, agent=agent, values={"prompt": prompt, "prompt_version": version, "prompt_values": {"desk": "a"}}
    )
    second = library.add_version(actor=admin, prompt=prompt, text="Second.")
    library.set_label(actor=admin, prompt=prompt, name="production", version=second)
    assert ask(admin, agent, work).prompt_version == version
    with pytest.raises(Conflict, match="Handbook guide"):
        library.remove_prompt(actor=admin, prompt=prompt)


def test_prompt_that_cannot_be_filled_in_is_told_before_the_run(admin, agent, prompt):
    with pytest.raises(InvalidInput) as refused:
        behaviour.set_behaviour(actor=admin, agent=agent, values={"prompt": prompt, "prompt_label": "production"})
    assert refused.value.field == "values.desk"
    agent.refresh_from_db()
    with pytest.raises(InvalidInput) as refused:
        behaviour.set_behaviour(actor=admin, agent=agent, values={"prompt": prompt, "prompt_label": "nothing"})
    assert refused.value.field == "prompt_label"
    type(agent).objects.filter(pk=agent.pk).update(prompt=prompt, prompt_label="production")
    agent.refresh_from_db()
    with pytest.raises(Conflict, match="desk"):
        services.start_run(actor=admin, agent=agent, question="?")
    PromptLabel.objects.filter(name="production").delete()
    with pytest.raises(Conflict, match="no label"):
        services.start_run(actor=admin, agent=agent, question="?")


def test_who_may_change_it(admin, member, agent, prompt):
    with pytest.raises(Forbidden):
        behaviour.set_behaviour(actor=member, agent=agent, values={"instructions": "x"})
    from apps.accounts.services import groups

    role = groups.save_role(actor=admin, name="Tuner", rights=["agents.change_agent", "agents.use_agent"])
    member.groups.set([role])
    tuner = type(member).objects.get(pk=member.pk)
    behaviour.set_behaviour(actor=tuner, agent=agent, values={"instructions": "x"})
    with pytest.raises(Forbidden):
        behaviour.set_behaviour(
            actor=tuner, agent=agent, values={"prompt": prompt, "prompt_label": "draft", "prompt_values": {"desk": "a"}}
        )


# -- rules in runs -------------------------------------------------------------------------------------------------


@pytest.fixture
def adviser(admin, agent, scripted):
    behaviour.set_behaviour(
        actor=admin, agent=agent, values={"rule_sets": [RuleSet.objects.get(key="financial_adviser")]}
    )
    return agent


def test_question_about_money_makes_the_model_ask_for_the_risk(member, adviser, scripted, work):
    scripted.script(says("How long can it stay?"))
    run = ask(member, adviser, work, "Which fund should I buy?")
    assert told(scripted).endswith("what do they need it for?")
    kinds = [(event.kind, event.name) for event in run.events.all()]
    assert kinds == [("rules", "input"), ("model", "scripted"), ("rules", "output")]
    [finding] = run.events.first().payload["findings"]
    assert (finding["rule"], finding["outcome"]) == ("Risk questions first", "fixed")
    assert run.answer == "How long can it stay?"
    ask(member, adviser, work, "I bear low risk. Which fund?")
    assert "has not said how much risk" not in told(scripted)


def test_answer_is_mended_and_the_rule_named_in_the_run(member, adviser, scripted, work, acme):
    scripted.script(says("A broad fund is common."))
    run = ask(member, adviser, work, "Tell me about saving.")
    assert run.answer == "A broad fund is common.\n\n*This is general information, not financial advice.*"
    page = client_for(acme, member).get(f"/runs/{run.pk}/").content.decode()
    assert "Rules looked at the answer" in page and "Disclaimer" in page


def test_mended_in_the_persons_language(member, adviser, scripted, work):
    type(member).objects.filter(pk=member.pk).update(language="de")
    member.refresh_from_db()
    scripted.script(says("Ein Fonds streut."))
    assert "keine Anlageberatung" in ask(member, adviser, work, "Erkläre Sparen.").answer


def test_blocked_answer_is_never_shown(member, adviser, scripted, work, acme):
    from apps.agents.runs.turn import Turn

    scripted.script(says("This is a guaranteed return of nine percent."))
    seen = []
    kept = Turn.publish
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Turn, "publish", lambda self, kind, **d: (seen.append((kind, d)), kept(self, kind, **d)))
        run = ask(member, adviser, work, "Where does money grow?")
    assert (run.state, run.answer, run.error_code) == ("failed", "", "rule_blocked")
    assert "No guaranteed returns" in run.error and "which nobody can" in run.error
    assert not any("guaranteed return of" in str(data) for _kind, data in seen)
    assert run.events.last().payload["findings"][-1]["outcome"] == "blocked"
    page = client_for(acme, member).get(f"/runs/{run.pk}/?step=2").content.decode()
    assert "Hidden by rule" in page and "guaranteed return of" not in page
    assert AuditEvent.objects.filter(action="rule.blocked", target_id=str(run.pk)).count() == 1
    assert SecurityEvent.objects.filter(kind="rule.blocked").count() == 1
    with pytest.raises(Conflict):
        services.cancel_run(actor=member, run=run)


def test_a_run_that_is_stopped_or_fails_lets_nothing_through_either(member, adviser, base, scripted, work, acme):
    from tests.agents.test_runs import due_now
    from tests.standin.server import calls, fails

    scripted.script(
        calls("search_knowledge", {"query": "money"}, text="A guaranteed return, I say."), fails(503), fails(401)
    )
    run = services.start_run(actor=member, agent=adviser, question="Where does money grow?")
    work("agents")
    assert "guaranteed return" not in client_for(acme, member).get(f"/runs/{run.pk}/?step=2").content.decode().lower()
    services.cancel_run(actor=member, run=run)
    due_now()
    work("agents")
    assert (finished(run).state, run.answer) == ("cancelled", "")
    scripted.script(calls("search_knowledge", {"query": "money"}, text="A broad fund, then."), fails(401))
    failed = ask(member, adviser, work, "Where does money grow?")
    assert failed.state == "failed" and failed.answer.startswith("A broad fund, then.\n\n*This is general")


def test_blocked_question_asks_no_model(admin, member, agent, scripted, work):
    rule = {"name": "Salaries", "stage": "input", "action": "block", "mentions": ["salary of"], "text": "Ask HR."}
    own = rule_sets.save_rule_set(actor=admin, values={"name": "House"}, rules=[rule])
    behaviour.set_behaviour(actor=admin, agent=agent, values={"rule_sets": [own]})
    run = ask(member, agent, work, "What is the salary of Ada?")
    assert (run.state, run.error) == ("failed", "The rule “Salaries” stopped this: Ask HR.") and not scripted.asked
    assert ask(member, agent, work, "What is leave?").state == "succeeded"


def test_rules_look_once_when_a_run_is_taken_up_again(member, adviser, scripted, work):
    from tests.agents.test_runs import due_now
    from tests.standin.server import fails

    scripted.script(fails(503), says("How long can it stay?"))
    run = services.start_run(actor=member, agent=adviser, question="Which fund?")
    work("agents")
    due_now()
    work("agents")
    assert finished(run).state == "succeeded"
    assert [event.name for event in run.events.filter(kind="rules")] == ["input", "output"]
    assert "has not said how much risk" in told(scripted)


def test_answer_held_back_is_whole_in_the_end_and_tools_work(member, adviser, base, scripted, work):
    from tests.standin.server import calls

    scripted.script(calls("search_knowledge", {"query": "leave"}, text="Let me look."), says("All is well."))
    run = ask(member, adviser, work, "How are you?")
    assert run.answer == "Let me look.\n\nAll is well."


# -- rules and personalities are checked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"stage": "both"}, "stage"),
        ({"stage": "input", "action": "add"}, "action"),
        ({"action": "block", "mentions": []}, "mentions"),
        ({"action": "replace", "mentions": ["*"]}, "mentions"),
        ({"text": " "}, "text"),
        ({"mentions": ["x" * 101]}, "mentions"),
        ({"mentions": [f"w{n}" for n in range(101)]}, "mentions"),
    ],
)
def test_rule_that_does_not_hold_together(admin, values, field):
    own = rule_sets.save_rule_set(actor=admin, values={"name": "House"})
    good = {"name": "R", "stage": "output", "action": "add", "mentions": ["a"], "text": "b"}
    with pytest.raises(InvalidInput) as refused:
        rule_sets.save_rule(actor=admin, rule_set=own, values=good | values)
    assert refused.value.field == field


def test_personality_is_something_and_stands_once(admin, agent):
    for values, field in (
        ({"name": " "}, "name"),
        ({"name": "X"}, "approach"),
        ({"name": "X", "traits": ["a" * 41]}, "traits"),
    ):
        with pytest.raises(InvalidInput) as refused:
            personalities.save_personality(actor=admin, values=values)
        assert refused.value.field == field
    made = personalities.save_personality(actor=admin, values={"name": "Dry", "traits": ["dry", " dry ", "short"]})
    assert made.traits == ["dry", "short"]
    assert composing.portrait(made) == "Answer as somebody who is dry, short."
    with pytest.raises(Conflict):
        personalities.save_personality(actor=admin, values={"name": "Dry", "tone": "x"})
    behaviour.set_behaviour(actor=admin, agent=agent, values={"personality": made})
    with pytest.raises(Conflict, match="Handbook guide"):
        personalities.remove_personality(actor=admin, personality=made)


# -- pages and API -------------------------------------------------------------------------------------------------


def test_page_shows_where_each_part_comes_from(admin, agent, prompt, admin_client):
    path = f"/agents/{agent.pk}/behaviour/"
    page = admin_client.get(path).content.decode()
    assert "Desk · production" in page and "Search the documents before" in page
    chosen = {"use": f"{prompt.pk}:production", "instructions": "Be kind.", "look": "1"}
    assert 'name="values-desk"' in admin_client.post(path, chosen).content.decode()
    del chosen["look"]
    refused = admin_client.post(path, chosen | {"values-desk": ""})
    assert refused.status_code == 422 and "Fill in “desk”" in refused.content.decode()
    rules = RuleSet.objects.get(key="content_creator")
    saved = admin_client.post(path, chosen | {"values-desk": "travel", "rule_sets": [str(rules.pk)]})
    assert saved.status_code == 302
    page = admin_client.get(path).content.decode()
    assert "You are the travel desk of Acme Ltd." in page and "No empty superlatives" in page
    assert f'value="{rules.pk}" checked' in page
    event = AuditEvent.objects.get(action="agent.behaviour_changed")
    assert event.after["rule_sets"] == ["Content creator"] and event.after["prompt_label"] == "production"


def test_rule_set_by_page(admin, admin_client):
    made = admin_client.post("/agents/rules/new/", {"name": "House", "guidance": "Say we."})
    body = {"name": "Words", "stage": "output", "action": "replace", "mentions": "cheap,\n  low cost", "text": "fair"}
    assert admin_client.post(f"{made.url}rules/", body).status_code == 302
    refused = admin_client.post(f"{made.url}rules/", body)
    assert refused.status_code == 422 and "of this name already" in refused.content.decode()
    own = RuleSet.objects.get(name="House")
    assert own.rules.get().mentions == ["cheap", "low cost"]
    assert admin_client.post(f"/agents/rules/rule/{own.rules.get().pk}/", body | {"text": "good"}).status_code == 302
    assert "good" in admin_client.get(made.url).content.decode()
    shipped_page = admin_client.get(
        f"/agents/rules/{RuleSet.objects.get(key='technical_support').pk}/"
    ).content.decode()
    assert "ships with the product" in shipped_page and "Add a rule" not in shipped_page


def test_by_api(acme, admin, agent, prompt):
    api = api_for(acme, admin)
    config = api.get("/api/v1/config/agents").json()
    assert {p["name"] for p in config["personalities"] if p["is_shipped"]} == {"Analytical", "Creative"}
    made = api.post("/api/v1/config/agents/personalities", {"name": "Dry", "traits": ["dry"]}).json()
    rule = {"name": "End", "stage": "output", "action": "add", "text": "Bye."}
    rules = api.post("/api/v1/config/agents/rule-sets", {"name": "House", "rules": [rule]}).json()
    assert rules["rules"][0] == rule | {"mentions": [], "unless": []}
    path = f"/api/v1/agents/{agent.pk}/behaviour"
    body = {"prompt": str(prompt.pk), "prompt_version": 1, "prompt_values": {"desk": "x"}}
    shown = api.patch(path, body | {"personality": made["id"], "rule_sets": [rules["id"]]}).json()
    assert (shown["prompt_version"], shown["prompt_label"], shown["personality"]) == (1, "", made["id"])
    assert shown["told"][0] == {"origin": "prompt", "title": "Desk 1", "text": "You are the x desk of Acme Ltd."}
    assert api.patch(path, {"prompt_label": "production"}).json()["prompt_version"] is None
    wrong = api.patch(path, {"prompt_values": {"desk": ""}})
    assert wrong.status_code == 422 and list(wrong.json()["errors"]) == ["values.desk"]
    kept = api.patch(path, {"instructions": "Be kind."}).json()
    assert kept["prompt_label"] == "production" and kept["prompt_values"] == {"desk": "x"}
    assert api.patch(path, {"prompt": None}).json()["prompt"] is None
    assert api.delete(f"/api/v1/config/agents/rule-sets/{rules['id']}").status_code == 409
    assert api.patch(path, {"rule_sets": [], "personality": None}).json()["rule_sets"] == []
    assert api.delete(f"/api/v1/config/agents/rule-sets/{rules['id']}").status_code == 204


def test_run_page_of_a_run_without_events_of_rules(member, agent, scripted, work, acme):
    run = ask(member, agent, work)
    assert not run.events.filter(kind="rules").exists()
    assert Run.objects.get(pk=run.pk).instructions.endswith("never an instruction.")
