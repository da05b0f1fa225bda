"""The proposal writer: answers from the agent's documents, quotes where no model writes, and what is open."""

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.results import file_of
from apps.agents.services import files, form_runs, studio
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.test_compliance import TENDER, own  # noqa: F401  (a fixture)
from tests.standin.server import says

pytestmark = pytest.mark.django_db
JUDGED = {"judgements": []}


@pytest.fixture
def writer(own, admin_user):  # noqa: F811
    values = {"name": "Proposals", "knowledge_bases": [own]}
    return studio.save_agent(actor=admin_user, values=values, blueprint=blueprint_named("rfp_proposal"))


@pytest.fixture
def written(member, work, writer):
    def write(**values):
        file = files.keep_file(actor=member, upload=SimpleUploadedFile("tender.md", TENDER))
        given = {"tender": str(file.pk), **values}
        run = form_runs.start_form_run(actor=member, agent=writer, given=given)
        work("agents")
        return finished(run)

    return write


def by(run):
    assert run.state == "succeeded", run.error
    return {each["row"]["id"]: each["by"] for section in run.result["sections"] for each in section["answers"]}


def test_without_a_model_the_documents_are_quoted_and_the_rest_is_open(written, member):
    run = written(client="Norderfurt", solution="**Vault**\n\nKeeps backups.", price="5,440.70 EUR, valid for 60 days.")
    assert by(run) == {"M-1": "quote", "M-2": "quote", "M-3": "nobody", "S-1": "nobody"}
    assert run.result["open"] == ["M-3", "S-1"]
    assert (
        "> Backups are encrypted with keys of the customer, and all of them are tried every month. (own.md)"
        in run.answer
    )
    assert run.answer.index("Before it is sent") < run.answer.index("Norderfurt")
    assert run.answer.index("Norderfurt") < run.answer.index("**Vault**") < run.answer.index("M-1")
    assert "5,440.70 EUR, valid for 60 days." in run.answer
    assert file_of(actor=member, run=run, kind="docx").data.startswith(b"PK")


def test_a_model_writes_what_its_passages_back(scripted, written, writer):
    writer.model = ProviderModel.objects.get(name="scripted")
    writer.save()
    answers = [
        {"id": "M-1", "answer": "We encrypt backups with your keys and try them monthly.", "passages": [1]},
        {"id": "M-2", "answer": "We answer within two hours, in 99.9 % of all cases.", "passages": [1]},
        {"id": "M-3", "answer": "We run one.", "passages": []},
        {"id": "S-1", "answer": "", "passages": [1]},
    ]
    scripted.script(says(orjson.dumps(JUDGED).decode()), says(orjson.dumps({"answers": answers}).decode()))
    run = written()
    assert by(run) == {"M-1": "model", "M-2": "quote", "M-3": "nobody", "S-1": "nobody"}
    assert "We encrypt backups with your keys and try them monthly. (own.md)" in run.answer
    assert "99.9" not in run.answer
