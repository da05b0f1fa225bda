"""The solution architect: components with the requirements that they answer, goals in figures, and what is open."""

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.results import file_of
from apps.agents.services import files, form_runs, studio
from apps.blueprints.rfp.architect.areas import area_of, goals_in
from apps.blueprints.rfp.architect.results import MOST_OUTLINE_CHARS, Component, outline_of
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.test_compliance import TENDER, own  # noqa: F401  (a fixture)
from tests.standin.server import says


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("The supplier must encrypt all personal data.", "security"),
        ("Die Anmeldung muss über SAML erfolgen, mit Rollen und Berechtigungen.", "security"),
        ("An interface to SAP S/4HANA must be included.", "integration"),
        ("The history of each machine must be migrated from the former database.", "data"),
        ("The system must run in a data centre in the European Union.", "operation"),
        ("Pages must show within 2 seconds for 200 concurrent users.", "performance"),
        ("The interface must be accessible by WCAG 2.2 on tablets, in three languages.", "use"),
        ("Training for 120 technicians must be offered.", "service"),
        ("The system must plan inspections by date.", "functions"),
    ],
)
def test_area_by_its_words(text, area):
    assert area_of(text) == area


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("Availability must be 99.5 % a month between 6:00 and 22:00.", ["99.5 %", "6:00 and 22:00"]),
        ("Answers must come within 2 hours; backups twice a year.", ["2 hours", "twice a year"]),
        ("Für 200 Nutzer in 3 Sekunden.", ["200 Nutzer", "3 Sekunden"]),
        ("WCAG 2.2 must be met.", []),
    ],
)
def test_goals_in_figures(text, goals):
    assert goals_in(text) == goals


def test_what_is_handed_on_fits_into_a_form():
    about = {"by": "areas", "purpose": "", "requirements": [], "sources": [], "quotes": ["x" * 400]}
    outline = outline_of([Component(name=f"Part {number}", **about) for number in range(40)])
    assert 7_000 < len(outline) <= MOST_OUTLINE_CHARS and outline.endswith("x" * 400)


@pytest.fixture
def architect(own, admin_user):  # noqa: F811
    values = {"name": "Architect", "knowledge_bases": [own]}
    return studio.save_agent(actor=admin_user, values=values, blueprint=blueprint_named("rfp_architect"))


@pytest.fixture
def drawn(member, work, architect):
    def draw(**values):
        file = files.keep_file(actor=member, upload=SimpleUploadedFile("tender.md", TENDER))
        run = form_runs.start_form_run(actor=member, agent=architect, given={"tender": str(file.pk), **values})
        work("agents")
        return finished(run)

    return draw


@pytest.mark.django_db
def test_without_a_model_areas_are_components_and_documents_are_quoted(drawn, member):
    run = drawn(given="There is a SAP system.")
    assert run.state == "succeeded", run.error
    rows = [row["id"] for row in run.result["rows"]]
    answered = [key for component in run.result["components"] for key in component["requirements"]]
    assert sorted(answered) == sorted(rows) and run.result["uncovered"] == []
    assert {component["by"] for component in run.result["components"]} == {"areas"}
    quotes = [quote for component in run.result["components"] for quote in component["quotes"]]
    assert "Backups are encrypted with keys of the customer, and all of them are tried every month." in quotes
    assert f"> {quotes[0]}" in run.result["outline"] and run.result["outline"].startswith("**")
    assert "M-3" in run.result["unproven"] and "The documents have nothing on M-3" in run.answer
    assert "There is a SAP system." in run.answer
    assert file_of(actor=member, run=run, kind="pdf").data.startswith(b"%PDF")


@pytest.mark.django_db
def test_a_model_draws_what_it_can_back(scripted, drawn, architect):
    architect.model = ProviderModel.objects.get(name="scripted")
    architect.save()
    components = [
        {"name": "Vault", "purpose": "Keeps backups encrypted.", "requirements": ["M-1", "X-9"], "passages": [1]},
        {"name": "Cluster", "purpose": "Runs on 64 nodes.", "requirements": ["M-2"], "passages": []},
        {"name": "Nothing", "purpose": "Answers nothing.", "requirements": ["X-1"], "passages": []},
    ]
    judged = says(orjson.dumps({"judgements": []}).decode())
    scripted.script(judged, says(orjson.dumps({"components": components}).decode()))
    run = drawn()
    assert run.state == "succeeded", run.error
    assert [(c["name"], c["requirements"], c["by"]) for c in run.result["components"]] == [("Vault", ["M-1"], "model")]
    assert run.result["outline"] == "**Vault**\n\nKeeps backups encrypted."
    assert "64" not in run.answer and "Nothing" not in [c["name"] for c in run.result["components"]]
    assert set(run.result["uncovered"]) == {row["id"] for row in run.result["rows"]} - {"M-1"}
