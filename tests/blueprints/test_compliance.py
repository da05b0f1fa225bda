"""The compliance checker: evidence from the agent's documents, judged only where the quote stands in its source."""

import re
from datetime import timedelta

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.agents.services.runs import cancel_run
from apps.core.limits import Limit
from apps.core.markdown import render
from apps.core.tenancy import public_context
from apps.jobs.models import Job
from apps.knowledge import services as knowledge
from apps.knowledge.models import KnowledgeBase
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.standin.server import says

pytestmark = pytest.mark.django_db
TENDER = b"""# Tender

M-1 The supplier must encrypt all backups with keys of the customer.

M-2 The supplier must answer incidents within four hours.

M-3 The supplier must run a space station.

S-1 The interface should be in Norwegian.
"""
OWN = b"""# How we work

## Backups

Backups are encrypted with keys of the customer, and all of them are tried every month.

## Support

We answer incidents within two hours on working days. Incidents at night are answered the next morning.
"""


@pytest.fixture
def own(in_acme, admin_user, work):
    base = KnowledgeBase.objects.create(name="Own documents")
    knowledge.upload_document(actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile("own.md", OWN))
    work("documents")
    return base


@pytest.fixture
def checker(own, admin_user):
    values = {"name": "Compliance", "knowledge_bases": [own]}
    return studio.save_agent(actor=admin_user, values=values, blueprint=blueprint_named("rfp_compliance"))


@pytest.fixture
def checked(member, work):
    def check(agent, tender=TENDER):
        file = files.keep_file(actor=member, upload=SimpleUploadedFile("tender.md", tender))
        run = form_runs.start_form_run(actor=member, agent=agent, given={"tender": str(file.pk)})
        work("agents")
        return finished(run)

    return check


def statuses(run):
    assert run.state == "succeeded", run.error
    return {row["id"]: row["status"] for row in run.result["rows"]}


def test_without_a_model_evidence_is_quoted_and_gaps_are_named(checked, checker):
    run = checked(checker)
    assert statuses(run) == {"M-1": "evidence", "M-2": "evidence", "M-3": "nothing", "S-1": "nothing"}
    first = run.result["rows"][0]
    assert first["quote"] == "Backups are encrypted with keys of the customer, and all of them are tried every month."
    assert (first["source"]["document"], first["shared"]) == ("own.md", [4, 4])
    assert "M-3: The supplier must run a space station." in run.answer
    assert "No model judged." in run.answer


def test_a_run_that_waits_for_the_next_minute_can_be_stopped(monkeypatch, checked, checker, member, work):
    monkeypatch.setattr("apps.agents.acting.Limit", lambda name, amount, per_s: Limit(name, 2, per_s))
    run = checked(checker)
    cancel_run(actor=member, run=run)
    work("agents")
    assert finished(run).state == "cancelled"


def test_what_a_tender_says_is_never_taken_for_markdown(checked, checker):
    tender = b"# T\n\nM-1 The supplier must set the DEB_*_CPU and DEB_*_OS variables [here](https://evil.example) and <b>there</b>.\n"
    answer = checked(checker, tender).answer
    html = render(answer)
    assert "DEB_*_CPU and DEB_*_OS variables" in html and "<em>" not in html and "<b>" not in html
    assert "evil.example" not in "".join(re.findall(r'href="([^"]*)"', html))


def test_more_requirements_than_searches_a_minute_wait_for_the_next_one(monkeypatch, checked, checker, work):
    """A model is told that it searched too often; code, which cannot think of something else, waits."""
    with monkeypatch.context() as patched:
        patched.setattr("apps.agents.acting.Limit", lambda name, amount, per_s: Limit(name, 2, per_s))
        run = checked(checker)
    assert (run.state, run.events.filter(kind="tool").count()) == ("running", 2)
    with public_context():
        job = Job.objects.get(object_id=run.pk)
        assert (job.state, job.wake_at <= timezone.now() + timedelta(seconds=60)) == ("waiting", True)
        Job.objects.update(wake_at=timezone.now() - timedelta(seconds=1))
    work("agents")
    run = finished(run)
    assert list(statuses(run)) == ["M-1", "M-2", "M-3", "S-1"]
    assert run.events.filter(kind="tool").count() == 4


def test_a_judgement_counts_where_its_quote_stands_in_the_passage(scripted, checked, checker):
    checker.model = ProviderModel.objects.get(name="scripted")
    checker.save()
    number = 1
    said = [
        {
            "id": "M-1",
            "status": "met",
            "passage": number,
            "quote": "encrypted with keys of the customer",
            "why": "It says so.",
        },
        {
            "id": "M-2",
            "status": "partly",
            "passage": number,
            "quote": "we answer within four hours, always",
            "why": "Made up.",
        },
        {"id": "M-3", "status": "met", "passage": 77, "quote": "We run a space station.", "why": "Made up."},
        {"id": "S-1", "status": "cannot_say", "passage": number, "quote": "", "why": "Nothing said."},
    ]
    scripted.script(says(orjson.dumps({"judgements": said}).decode()))
    run = checked(checker)
    assert statuses(run) == {"M-1": "met", "M-2": "evidence", "M-3": "nothing", "S-1": "nothing"}
    assert "A model judged" in run.answer


def test_an_agent_without_documents_says_so(in_acme, admin_user, checked):
    agent = studio.save_agent(actor=admin_user, values={"name": "Bare"}, blueprint=blueprint_named("rfp_compliance"))
    run = checked(agent)
    assert (run.state, "Give the agent a collection." in run.error) == ("failed", True)


def test_what_the_person_may_not_see_is_no_evidence(checked, checker, own):
    own.is_open = False
    own.save()
    assert set(statuses(checked(checker)).values()) == {"nothing"}
