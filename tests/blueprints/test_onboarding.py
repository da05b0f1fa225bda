"""The plan for a new colleague: tasks by role, days reckoned by hand, quotes that stand in the documents, a welcome without made-up figures."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.blueprints.hr.onboarding import planning
from apps.blueprints.hr.onboarding.results import Line
from apps.blueprints.hr.onboarding.steps import addresses_in
from apps.knowledge import services as knowledge
from apps.knowledge.types import Sheet
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.standin.server import says

ONBOARDING = blueprint_named("hr_onboarding")
TASKS = (ONBOARDING.folder / "samples" / "tasks.csv").read_bytes()
ASKED = {"name": "Ines Okafor", "role": "Support engineer", "start": "2027-02-01"}


@pytest.fixture
def planned(in_acme, admin_user, member, work, base):
    """Return a function that has the first weeks of somebody planned."""

    def start(table=None, model=None, **values):
        about = {"name": "Welcomer", "knowledge_bases": [base]}
        agent = studio.save_agent(actor=admin_user, values=about, blueprint=ONBOARDING)
        if model is not None:
            agent.model = model
            agent.save()
        if table is not None:
            values["table"] = str(files.keep_file(actor=member, upload=SimpleUploadedFile("tasks.csv", table)).pk)
        run = form_runs.start_form_run(actor=member, agent=agent, given=ASKED | values)
        work("agents")
        return finished(run)

    return start


@pytest.mark.parametrize(
    ("start", "day", "due"),
    [
        ("2027-02-01", 0, "2027-02-01"),  # a Monday
        ("2027-02-06", 0, "2027-02-08"),  # a Saturday is none
        ("2027-02-01", 4, "2027-02-05"),
        ("2027-02-01", 5, "2027-02-08"),
        ("2027-02-01", 20, "2027-03-01"),
        ("2027-02-01", 60, "2027-04-26"),
        ("2027-02-01", -1, "2027-01-29"),
        ("2027-02-01", -10, "2027-01-18"),
        ("2027-02-03", -3, "2027-01-29"),
    ],
)
def test_days_are_those_of_a_calendar(start, day, due):
    assert planning.due_on(date.fromisoformat(start), day) == date.fromisoformat(due)


def test_days_are_those_that_numpy_counts():
    numpy = pytest.importorskip("numpy")
    for start in (date(2027, 1, 1) + timedelta(days=n) for n in range(40)):
        first = numpy.busday_offset(start, 0, roll="forward")
        for day in range(-70, 71):
            assert planning.due_on(start, day) == numpy.busday_offset(first, day).astype(date)


@pytest.mark.django_db
def test_sample_by_role(planned):
    run = planned(TASKS, people="IT: member@acme.example\nManager: admin@acme.example")
    assert run.state == "succeeded", run.error
    tasks = run.result["tasks"]
    rows = list(csv.DictReader(io.StringIO(TASKS.decode())))
    wanted = [row for row in rows if row["Role"] in ("", "Support")]
    assert sorted(task["title"] for task in tasks) == sorted(row["Task"] for row in wanted)
    assert run.result["left_out"] == len(rows) - len(wanted) == 1
    by_title = {task["title"]: task for task in tasks}
    assert by_title["Order a laptop and a telephone"]["due"] == "2027-01-18"
    assert by_title["Talk after three months"]["due"] == "2027-04-26"
    assert by_title["Talk after three months"]["how"] == "first day + 60 working days"
    assert by_title["Hand over laptop and keys"]["email"] == "member@acme.example"
    assert by_title["Welcome and show the house"]["email"] == "admin@acme.example"
    assert [task["due"] for task in tasks] == sorted(task["due"] for task in tasks)
    assert "Read the coding rules" not in run.answer and "No table was given" not in run.answer


@pytest.mark.django_db
def test_what_the_documents_say_is_quoted(planned, admin_user, base, work):
    said = b"# Leave\n\nOn the second day personnel explain annual leave to everybody. Lunch is at noon.\n"
    knowledge.upload_document(actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile("handbook.md", said))
    work("documents")
    run = planned(b"Task,Day,Who\nExplain annual leave,1,HR\nBuy a rocket for the moon,2,HR\n")
    found = {task["title"]: task["source"] for task in run.result["tasks"]}
    assert found["Buy a rocket for the moon"] is None
    quote = "On the second day personnel explain annual leave to everybody."
    assert found["Explain annual leave"] == {"quote": quote, "document": "handbook.md", "page": None}
    assert f"> {quote}" in run.answer and "handbook.md" in run.answer


@pytest.mark.django_db
def test_without_a_table_the_usual_tasks(planned):
    run = planned(email="member@acme.example")
    assert run.state == "succeeded" and run.result["is_usual"] and "No table was given" in run.answer
    own = [task["title"] for task in run.result["tasks"] if task["email"] == "member@acme.example"]
    assert own == ["Read the rules on safety, data protection and working hours"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"What,When\nx,1\n", "needs the columns Task and Day"),
        (b"Task,Day\nx,soon\n", "Row 2: a task, and its day"),
        (b"Task,Day\nx,100000\n", "Row 2"),
        (b"Task,Day,Role\nx,1,Driver\n", "None of the tasks is for this role"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(planned, table, words):
    run = planned(table)
    assert run.state == "failed" and words in run.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sentences", "is_shown"),
    [
        (["Welcome, Ines! On 2027-02-01 you get your laptop."], True),
        (["Welcome! You get 4711 euros on your first day."], False),
    ],
)
def test_a_welcome_with_a_made_up_figure_is_not_shown(scripted, planned, sentences, is_shown):
    scripted.script(says(json.dumps({"sentences": sentences})))
    run = planned(TASKS, model=ProviderModel.objects.get(name="scripted"))
    assert (run.result["welcome"] is not None) == is_shown and (sentences[0] in run.answer) == is_shown


def test_columns_in_german_and_people_by_word():
    sheet = Sheet("", (("Aufgabe", "Tag", "Wer", "Rolle"), ("Schlüssel", "-2", "Haustechnik", ""), ("", "", "", "")))
    assert planning.lines_in(sheet) == [Line(title="Schlüssel", day=-2, who="Haustechnik", role="", phase="", note="")]
    assert addresses_in("IT: Jonas@acme.example\nBoss <amina@acme.example>\nnobody") == {
        "it": "jonas@acme.example",
        "boss": "amina@acme.example",
    }


def test_roles_are_words_that_stand_in_the_role():
    line = Line(title="x", day=0, who="", role="Support, Sales", phase="", note="")
    assert planning.applies(line, "Senior support engineer") and planning.applies(line, "Sales")
    assert not planning.applies(line, "Developer") and planning.applies(
        line.model_copy(update={"role": ""}), "Developer"
    )
