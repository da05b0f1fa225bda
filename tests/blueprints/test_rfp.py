"""The tender analyser: what obliges is found with its page, days and weights are read, a model invents no figure."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.blueprints.rfp import wording
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.samples import tender_pdf
from tests.standin.server import says


@pytest.mark.parametrize(
    ("sentence", "obligation"),
    [
        ("The system shall log every access.", "must"),
        ("Bidders must not contact the jury.", "must"),
        ("Tenderers are required to hold a licence.", "must"),
        ("The supplier will provide training.", "must"),
        ("Der Auftragnehmer muss die Daten verschlüsseln.", "must"),
        ("Der Bieter hat einen Nachweis zu erbringen.", "must"),
        ("Documentation should be in English.", "should"),
        ("Die Oberfläche soll barrierefrei sein.", "should"),
        ("The vendor may propose other means.", "may"),
        ("The city has 80,000 inhabitants.", None),
        ("It will rain in may.", None),
        ("Mustard is shallow.", None),
    ],
)
def test_obligations(sentence, obligation):
    assert wording.obligation_in(sentence) == obligation


@pytest.mark.parametrize(
    ("sentence", "own", "rest"),
    [
        ("R-12: The system shall log.", "R-12", "The system shall log."),
        ("[M 4] The system shall log.", "M 4", "The system shall log."),
        ("3.2.1 The system shall log.", "3.2.1", "The system shall log."),
        ("12 months is the least.", "", "12 months is the least."),
        ("The system shall log.", "", "The system shall log."),
    ],
)
def test_ids_of_the_tender(sentence, own, rest):
    assert wording.own_id(sentence) == (own, rest)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("Offers are due on 3 April 2027.", date(2027, 4, 3)),
        ("Submission by April 3rd, 2027.", date(2027, 4, 3)),
        ("Abgabe bis 3.4.2027, 12 Uhr.", date(2027, 4, 3)),
        ("Angebote sind spätestens am 3. März 2027 einzureichen.", date(2027, 3, 3)),
        ("Angebote sind bis zum 30. Juni 2027 einzureichen.", date(2027, 6, 30)),
        ("Abgabe spätestens 15. Januar 2027.", date(2027, 1, 15)),
        ("Closing date 03/04/2027.", date(2027, 4, 3)),
        ("The school was built on 3 April 1927.", None),
        ("Offers are due on 31 February 2027.", None),
        ("Offers are due soon.", None),
    ],
)
def test_deadlines(sentence, day):
    assert wording.deadline_in(sentence) == day


@pytest.mark.parametrize(
    ("sentence", "section", "weights"),
    [
        ("Price: 60 %", "Evaluation criteria", [60.0]),
        ("The price is weighted with 62.5 per cent.", "", [62.5]),
        ("Preis: 60 Prozent", "Zuschlagskriterien", [60.0]),
        ("Price: 60 % Quality: 40 %", "Evaluation criteria", [60.0, 40.0]),
        ("Up to 30 % may be subcontracted.", "Services", []),
        ("Price: 250 %", "Evaluation criteria", []),
    ],
)
def test_weights(sentence, section, weights):
    assert [weight for _text, weight in wording.weights_in(sentence, section)] == weights


def tender():
    return SimpleUploadedFile("schools.pdf", tender_pdf())


def analysed(member, agent, work, upload=None):
    file = files.keep_file(actor=member, upload=upload or tender())
    run = form_runs.start_form_run(actor=member, agent=agent, given={"tender": str(file.pk)})
    work("agents")
    return finished(run)


@pytest.fixture
def analyser(in_acme, admin_user):
    return studio.save_agent(actor=admin_user, values={"name": "Tenders"}, blueprint=blueprint_named("rfp_analyser"))


@pytest.mark.django_db
def test_a_tender_is_taken_apart_without_a_model(member, analyser, work):
    run = analysed(member, analyser, work)
    assert run.state == "succeeded", run.error
    wanted = [(each["id"], each["obligation"], each["page"]) for each in run.result["requirements"]]
    assert wanted == [("R1", "must", 1), ("3.1", "must", 2), ("3.2", "should", 2), ("R4", "may", 2), ("R5", "must", 2)]
    assert run.result["requirements"][1]["section"] == "3 Services"
    assert "e.g. for chemistry" in run.result["requirements"][4]["text"]
    days = [(each["day"], each["page"]) for each in run.result["deadlines"]]
    assert days == [("2027-02-19", 1), ("2027-03-14", 1), ("2027-08-01", 3)]
    criteria = [(each["text"], each["weight"], each["page"]) for each in run.result["criteria"]]
    assert criteria == [("Price: 60 %", 60.0, 3), ("Quality of the concept: 40 %", 40.0, 3)]
    assert run.result["summary"] is None
    assert "5 requirements, 3 × must, 1 × should, 1 × may" in run.answer


CONTENTS = b"""# Tender

2.1 What the supplier must deliver . . . . . . . 7 2.2 How offers should look . . . . . . . . 9

2.1 The supplier must deliver ten desks.

2.2 The supplier must sign here: . . . . . . . . . . .
"""


@pytest.mark.django_db
def test_a_table_of_contents_asks_for_nothing(member, analyser, work):
    run = analysed(member, analyser, work, SimpleUploadedFile("tender.md", CONTENTS))
    found = [each["text"].partition(":")[0].strip(" .") for each in run.result["requirements"]]
    assert found == ["The supplier must deliver ten desks", "The supplier must sign here"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "is_shown"),
    [("Eleven schools are to be cleaned, with 240 classrooms.", True), ("It costs 4,000,000 euros.", False)],
)
def test_a_summary_with_figures_of_its_own_is_left_out(member, scripted, analyser, work, purpose, is_shown):
    analyser.model = ProviderModel.objects.get(name="scripted")
    analyser.save()
    scripted.script(says(f'{{"purpose": "{purpose}", "risks": ["Few bidders."]}}'))
    run = analysed(member, analyser, work)
    assert (run.result["summary"] is not None) == is_shown
    assert (purpose in run.answer) == is_shown


@pytest.mark.django_db
def test_a_text_that_is_no_tender_says_so(member, analyser, work):
    run = analysed(member, analyser, work, SimpleUploadedFile("poem.md", b"# Roses\n\nRoses are red in the garden."))
    assert (run.state, "No requirement was found" in run.error) == ("failed", True)
