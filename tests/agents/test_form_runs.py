"""Runs by form: what is filled in becomes the question, and what it will cost is told before."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import sharing
from apps.agents.models import Agent, Run
from apps.agents.services import behaviour, form_runs
from apps.agents.services.runs import start_run
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.projects import services as projects
from apps.projects.registry import assignable
from apps.prompts.registry import uses_of
from apps.prompts.services import library
from apps.prompts.types import Variable
from apps.usage.models import Budget, Price
from tests.agents.test_runs import finished
from tests.conftest import api_for, client_for
from tests.standin.server import calls, fails, says

pytestmark = pytest.mark.django_db
TEXT = "Sum up what the handbook says about {{ topic }} for {{ reader }}, in {{ lines }} lines. Asked by {{ person }}."


@pytest.fixture
def letter(in_acme, admin_user):
    """A prompt with three variables; its draft is its only version."""
    variables = [
        Variable("topic", "text", "One subject"),
        Variable("reader", "choice", choices=("staff", "the board")),
        Variable("lines", "number", default="5", is_required=False),
    ]
    return library.create_prompt(actor=admin_user, name="Brief", text=TEXT, variables=variables)


@pytest.fixture
def form(agent, admin_user, letter):
    """The agent with that prompt as its form."""
    return behaviour.set_behaviour(actor=admin_user, agent=agent, values={"form": letter, "form_label": "draft"})


def fill(member, agent, **values):
    given = {"topic": "annual leave", "reader": "staff"} | values
    return form_runs.start_form_run(actor=member, agent=agent, given=given)


def expected(member, agent, **values):
    given = {"topic": "annual leave", "reader": "staff"} | values
    return form_runs.forecast(actor=member, agent=agent, given=given)


def test_what_is_filled_in_becomes_the_question(member, form, acme, scripted, work):
    scripted.script(says("In short: 28 days."))
    run = fill(member, form, lines="3")
    work("agents")
    assert finished(run).answer == "In short: 28 days."
    assert run.question == "Sum up what the handbook says about annual leave for staff, in 3 lines. Asked by Mo Member."
    assert run.inputs == {"topic": "annual leave", "reader": "staff", "lines": "3"}
    assert (run.title, run.form_version.prompt.name) == ("Brief: annual leave", "Brief")
    assert scripted.asked[0].body["messages"][-1]["content"] == run.question


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"topic": ""}, "values.topic"),
        ({"reader": "everybody"}, "values.reader"),
        ({"lines": "many"}, "values.lines"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_starts_nothing(values, field, member, form):
    with pytest.raises(InvalidInput) as caught:
        fill(member, form, **values)
    assert caught.value.field == field and not Run.objects.exists()


def test_agent_without_a_form_has_none(member, agent):
    with pytest.raises(NotFound):
        fill(member, agent)


def test_form_follows_its_label_and_is_held_by_it(member, form, letter, admin_user):
    assert [(use.label, use.values) for use in uses_of(letter)] == [("draft", None)]
    changed = [Variable("topic"), Variable("mood")]
    library.add_version(actor=admin_user, prompt=letter, text="{{ topic }} in a {{ mood }} mood", variables=changed)
    assert fill(member, form, mood="good").question == "annual leave in a good mood"
    with pytest.raises(Conflict):
        library.remove_prompt(actor=admin_user, prompt=letter)
    with pytest.raises(InvalidInput):
        behaviour.set_behaviour(actor=admin_user, agent=form, values={"form": letter, "form_label": "nowhere"})
    behaviour.set_behaviour(actor=admin_user, agent=form, values={"form": None})
    assert form.form_label == "" and not uses_of(letter)


def test_same_key_gives_the_same_run(member, form, acme):
    api = api_for(acme, member)
    body = {"values": {"topic": "sick leave", "reader": "staff"}}
    sent = [
        api.post(f"/api/v1/agents/{form.pk}/form", body, format="json", HTTP_IDEMPOTENCY_KEY="once") for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].json()["id"] == sent[1].json()["id"] and Run.objects.count() == 1
    body["values"]["topic"] = "something else"
    other = api.post(f"/api/v1/agents/{form.pk}/form", body, format="json", HTTP_IDEMPOTENCY_KEY="once")
    assert other.status_code == 409 and other.json()["type"].endswith("idempotency_key_reused")


def test_key_that_another_request_is_using_is_a_conflict(member, form):
    """Two requests at once: the second did not see the first one's run, and the database refuses its own."""
    start_run(actor=member, agent=form, question="Hello?", idempotency_key="once")
    with pytest.raises(Conflict) as caught:
        start_run(actor=member, agent=form, question="Hello?", idempotency_key="once")
    assert caught.value.code == "idempotency_key_in_use" and Run.objects.count() == 1


# -- what it will cost ----------------------------------------------------------------------------------------------


@pytest.fixture
def priced(form, scripted):
    """1 dollar for a thousand tokens in, 10 for a thousand out."""
    Price.objects.create(model=form.model, input=1_000, output=10_000)
    form.refresh_from_db()
    return scripted


def test_first_time_it_is_reckoned_from_sizes(member, form, priced):
    form.knowledge_bases.clear()
    short, long = expected(member, form), expected(member, form, topic="leave " * 300)
    assert (short.runs, short.origin, short.output_tokens) == (0, "own", form_runs.GUESSED_OUTPUT)
    assert 200 < long.input_tokens - short.input_tokens < 500
    assert short.cost == Decimal(short.input_tokens) / 1000 + Decimal(short.output_tokens) / 100
    assert not Run.objects.exists()


def test_agent_that_searches_is_reckoned_with_two_calls(member, form, priced, base):
    with_search = expected(member, form)
    form.knowledge_bases.clear()
    assert with_search.input_tokens > 2 * expected(member, form).input_tokens + form_runs.SEARCHED_INPUT - 1


def test_from_the_third_run_on_former_ones_say_it(member, form, priced, acme, work):
    usage = {"input": 1_000, "output": 200}
    priced.script(*[says("Done.", usage=usage)] * 3)
    for _ in range(3):
        fill(member, form)
        assert expected(member, form).runs == 0
        work("agents")
    found = expected(member, form)
    assert (found.runs, found.input_tokens, found.output_tokens, found.cost) == (3, 1_000, 200, Decimal(3))
    assert expected(member, form, topic="leave " * 300).input_tokens > 1_200


def test_what_was_told_is_near_what_it_came_to(member, form, priced, acme, work, base):
    """With a stand-in that counts as vendors do: the real wire, a search, an answer."""
    priced.script(
        calls("search_knowledge", {"query": "annual leave"}, usage={"input": 420, "output": 20}),
        says("Staff have 28 days.", usage={"input": 1_900, "output": 350}),
    )
    told = expected(member, form)
    run = fill(member, form)
    work("agents")
    came_to = client_for(acme, member).get(f"/runs/{run.pk}/").context["cost"]
    assert finished(run).state == "succeeded"
    assert Decimal("0.5") < told.cost / came_to < Decimal(2), (told.cost, came_to)


def test_budget_that_is_short_of_it_is_named(member, form, priced, admin_user):
    assert expected(member, form).short_of == ""
    Budget.objects.create(name="Team", limit=Decimal("0.5"))
    assert expected(member, form).short_of == "Team"


def test_model_without_a_price_counts_as_free(member, form, acme):
    found = expected(member, form)
    assert (found.origin, found.cost) == ("none", Decimal(0))
    page = client_for(acme, member).get(f"/agents/{form.pk}/form/").content.decode()
    assert "Free" in page and "reckoned from sizes" in page


# -- doors -----------------------------------------------------------------------------------------------------------


def test_page_from_the_form_to_the_result(member, form, priced, acme, work):
    site = client_for(acme, member)
    assert f"/agents/{form.pk}/form/" in site.get("/agents/").content.decode()
    at = f"/agents/{form.pk}/form/"
    empty = site.get(at).content.decode()
    assert "One subject" in empty and "≈ US$" in empty and "The result will stand here" in empty
    wrong = site.post(at, {"values-topic": "", "values-reader": "staff"})
    assert wrong.status_code == 422 and "Fill in" in wrong.content.decode()
    look = {"values-topic": "x" * 4_000, "values-reader": "staff", "look": "1"}
    told = site.post(at, look, HTTP_HX_REQUEST="true").content.decode()
    assert "≈ US$" in told and "<form" not in told and not Run.objects.exists()

    priced.script(says("# Leave\n\n**28** days."))
    where = site.post(at, {"values-topic": "leave", "values-reader": "staff"}).url
    assert "every 2s" in site.get(where).content.decode()
    work("agents")
    part = site.get(where, HTTP_HX_REQUEST="true").content.decode()
    assert "<strong>28</strong>" in part and "every 2s" not in part and "<nav" not in part
    again = site.get(where).content.decode()
    assert 'value="leave"' in again and "Run again" in again and "Brief: leave" in again
    run = Run.objects.get()
    shown = site.get(f"/runs/{run.pk}/").content.decode()
    assert "Filled in" in shown and where.partition("&")[0] in shown


def test_result_shows_its_sources(member, form, base, acme, work):
    from tests.knowledge.test_ingestion import upload

    upload(member=member, base=base)
    work("documents")
    run = fill(member, form, topic="annual leave")
    work("agents")
    assert finished(run).state == "succeeded"
    page = client_for(acme, member).get(f"/agents/{form.pk}/form/?run={run.pk}").content.decode()
    assert 'class="src"' in page and "handbook.md" in page


def test_failed_run_says_why_beside_the_form(member, form, priced, acme, work):
    priced.script(fails(401))
    run = fill(member, form)
    work("agents")
    page = client_for(acme, member).get(f"/agents/{form.pk}/form/?run={run.pk}").content.decode()
    assert finished(run).error and finished(run).error in page.replace("&#x27;", "'")


def test_only_ones_own_runs_stand_beside_the_form(member, form, admin_user, acme):
    run = fill(member, form)
    assert client_for(acme, admin_user).get(f"/agents/{form.pk}/form/?run={run.pk}").status_code == 404


def test_the_same_by_api(member, form, priced, acme, work):
    api, at = api_for(acme, member), f"/api/v1/agents/{form.pk}/form"
    asks = api.get(at).json()
    assert [(v["name"], v["kind"]) for v in asks["variables"]] == [
        ("topic", "text"),
        ("reader", "choice"),
        ("lines", "number"),
    ]
    body = {"values": {"topic": "leave", "reader": "staff"}}
    told = api.post(f"{at}/estimate", body, format="json").json()
    assert Decimal(str(told["cost"])) > 0 and told["origin"] == "own" and not Run.objects.exists()
    refused = api.post(at, {"values": {"topic": "leave"}}, format="json")
    assert refused.status_code == 422 and "values.reader" in refused.json()["errors"]
    priced.script(says("Done."))
    run = api.post(at, body, format="json").json()
    work("agents")
    assert api.get(f"/api/v1/runs/{run['id']}").json()["inputs"]["topic"] == "leave"
    assert next(a for a in api.get("/api/v1/agents/").json() if a["id"] == str(form.pk))["has_form"] is True


def test_form_in_a_project_is_counted_there(member, form, admin_user, acme, scripted, work):
    project = projects.begin_project(actor=admin_user, name="Relocation")
    projects.assign(actor=admin_user, project=project, kind=assignable("agents"), thing=form)
    sharing.share(actor=admin_user, shared=project, to=member, level="use")
    site = client_for(acme, member)
    assert "Relocation" in site.get(f"/agents/{form.pk}/form/?project={project.pk}").content.decode()
    data = {"values-topic": "leave", "values-reader": "staff", "project": str(project.pk)}
    site.post(f"/agents/{form.pk}/form/", data)
    assert Run.objects.get().project == project


def test_agents_stand_in_the_order_of_their_names(form, member, acme):
    for name in ("Zoo guide", "Aviary guide", "Museum guide"):
        Agent.objects.create(name=name)
    page = client_for(acme, member).get("/agents/").content.decode()
    names = ("Aviary guide", form.name, "Museum guide", "Zoo guide")
    places = [page.index(f"<bdi>{name}</bdi>") for name in names]
    assert places == sorted(places)


def test_page_asks_the_database_no_more_with_more_runs(member, form, acme):
    site, at = client_for(acme, member), f"/agents/{form.pk}/form/"

    def add_runs(count):
        version = form.form.versions.get()
        for number in range(count):
            Run.objects.create(agent=form, started_by=member, question=f"{number}", title="t", form_version=version)

    def queries():
        return min(queries_once() for _ in range(3))  # some requests renew what is kept for a while, or note the visit

    def queries_once():
        with CaptureQueriesContext(connection) as seen:
            site.get(at)
        return len(seen)

    add_runs(1)
    few = queries()
    add_runs(20)
    assert queries() == few


def test_builder_chooses_the_form_on_the_page(form, letter, admin_user, acme, base):
    site, at = client_for(acme, admin_user), f"/agents/{form.pk}/behaviour/"
    assert f'value="{letter.pk}:draft" selected' in site.get(at).content.decode()
    site.post(at, {"use": "", "fill_in": "", "instructions": "", "personality": "", "model": ""})
    form.refresh_from_db()
    assert form.form is None
    site.post(at, {"use": "", "fill_in": f"{letter.pk}:draft", "instructions": "", "personality": "", "model": ""})
    form.refresh_from_db()
    assert (form.form, form.form_label) == (letter, "draft")
