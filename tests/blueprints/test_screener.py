"""The résumé screener: scored without knowing whose they are, each score with what shows it, and figures by group."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.blueprints.hr.screener.blueprint import BLUEPRINT
from apps.blueprints.hr.screener.criteria import BadCriterion, criteria_in
from apps.blueprints.hr.screener.experience import months_of, periods_in
from apps.blueprints.hr.screener.impact import fisher, impact_of
from apps.blueprints.hr.screener.masking import Cover, names_in, words_of
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.samples import tender_pdf
from tests.conftest import client_for
from tests.standin.server import says

SAMPLES = BLUEPRINT.folder / "samples"
TODAY = date(2026, 11, 29)


# -- whose it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Anna Schmidt\nDeveloper", "schmidt"),
        ("Name: Anna Schmidt", "anna"),
        ("Write to anna@example.com", "anna@"),
        ("Phone: +49 30 901820", "901820"),
        ("Date of birth: 14 March 1988", "1988"),
        ("geboren am 14. März 1988 in Ulm", "1988"),
        ("**Nationality:** Turkish", "turkish"),
        ("Familienstand: ledig", "ledig"),
        ("She leads a team", "she"),
        ("Mother of two", "mother"),
        ("2019: Elternzeit", "elternzeit"),
        ("Religion: none", "none"),
        ("58 years old", "58"),
        ("Mrs Miller leads a team", "miller"),
        ("A wheelchair user", "wheelchair"),
    ],
)
def test_what_nobody_is_judged_by_is_covered(text, gone):
    assert gone not in Cover(f"Anna Schmidt\n{text}", "en").text(text).lower()


@pytest.mark.parametrize(
    "text",
    [
        "Python and Django",
        "Her team: no",
        "M.Sc. 2008 – 2014",
        "Manager at a bank",
        "German (B2)",
        "Mentor of six",
        "01/2021 bis heute: Dienste",
        "05/2019 – 06/2021",
    ],
)
def test_what_says_what_somebody_can_do_stays(text):
    covered = Cover("Anna Schmidt", "de").text(text)
    assert covered.replace("[covered]", "Her") == text


def test_name_is_found_where_it_stands():
    assert names_in("# Curriculum vitae\nDr. Jan de Vries\nPlatform engineer") == []
    assert names_in("# Curriculum vitae – Lena Hoffmann\nBackend developer") == ["Lena Hoffmann"]
    assert names_in("Vorname: Lena\nNachname: Hoffmann") == ["Lena", "Hoffmann"]
    assert words_of("cv_lena-hoffmann (2).pdf") == "Cv Lena Hoffmann"
    assert (
        Cover("Lebenslauf\nLena Hoffmann", "de").text("LENA HOFFMANN war Hoffmanns Chefin")
        == "[name] war Hoffmanns Chefin"
    )


# -- what is counted ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("04/2019 – 03/2020", 12),
        ("April 2019 to March 2020", 12),
        ("2018 – 2021", 36),
        ("01.2026 bis heute", 10),
        ("01/2020 – 12/2020, 07/2020 – 06/2021", 18),
        ("2021 – 2018", 0),
        ("ISO 9001 – 2015, 13/2020 – 14/2020", 0),
        ("2027 – 2030", 0),
    ],
)
def test_months_of_work(text, months):
    assert months_of(periods_in(text, TODAY)) == months


def test_criteria_line_by_line():
    read = criteria_in("- Python and Django; 3; must\n\nGerman | 0,5\nMindestens 5 Jahre Erfahrung; zwingend")
    assert [(each.id, each.weight, each.is_must, each.years) for each in read] == [
        ("C1", Decimal(3), True, 0),
        ("C2", Decimal("0.5"), False, 0),
        ("C3", Decimal(1), True, 5),
    ]
    for bad in ("Python; perhaps", "Python; 0", "Python; 1000"):
        with pytest.raises(BadCriterion):
            criteria_in(f"Good\n{bad}")


def test_exact_test_beside_known_values():
    assert fisher(3, 1, 1, 3) == pytest.approx(0.4857, abs=1e-4)  # the lady tasting tea
    assert fisher(1, 9, 11, 3) == pytest.approx(0.002759, abs=1e-6)
    assert fisher(5, 0, 5, 0) == 1


def test_four_fifths():
    groups = {f"m{n}": "men" for n in range(10)} | {f"w{n}": "women" for n in range(10)}
    impact = impact_of("gender", groups, [f"m{n}" for n in range(5)] + [f"w{n}" for n in range(3)])
    assert [(r.group, str(r.rate.value), str(r.ratio.value), r.is_below) for r in impact.rates] == [
        ("men", "0.500", "1.000", False),
        ("women", "0.300", "0.600", True),
    ]
    assert impact.rates[1].ratio.how == "(3 / 10) / (5 / 10)"
    nobody = impact_of("gender", groups, [])
    assert not any(rate.is_below for rate in nobody.rates)


# -- whole runs --------------------------------------------------------------------------------------------------


@pytest.fixture
def screener(in_acme, admin_user):
    return studio.save_agent(actor=admin_user, values={"name": "Screener"}, blueprint=blueprint_named("hr_screener"))


@pytest.fixture
def screened(member, screener, work):
    def screen(texts=None, **values):
        texts = texts or {path.name: path.read_bytes() for path in sorted(SAMPLES.glob("*.md"))}
        keys = [str(kept(name, data).pk) for name, data in texts.items()]
        given = {"criteria": BLUEPRINT.sample["criteria"], "resumes": ",".join(keys), **values}
        run = form_runs.start_form_run(actor=member, agent=screener, given=given)
        work("agents")
        return finished(run)

    def kept(name, data):
        return files.keep_file(actor=member, upload=SimpleUploadedFile(name, data))

    screen.kept = kept
    return screen


def by_file(run):
    names = run.result["documents"]
    return {names[each["label"]]: each for each in run.result["candidates"]}


@pytest.mark.django_db
def test_the_sample_by_hand(screened):
    groups = str(screened.kept("groups.csv", (SAMPLES / "groups.csv").read_bytes()).pk)
    run = screened(places="3", groups=groups)
    assert run.state == "succeeded", run.error
    found = by_file(run)
    scores = {name: [score["value"] for score in each["scores"]] for name, each in found.items()}
    assert scores["lena-hoffmann.md"] == ["1.00", "1.00", "1.00", "1.00", "0.00"]
    assert scores["priya-raman.md"] == ["1.00", "1.00", "0.93", "0.00", "0.50"]  # 56 months of 60
    assert scores["jan_de_vries.md"] == ["0.50", "0.00", "1.00", "1.00", "1.00"]
    assert scores["omar_haddad.md"][0] == "0.50" and scores["omar_haddad.md"][1] == "0.00"
    assert found["lena-hoffmann.md"]["total"]["value"] == "88.9"  # 100 × (3 + 2 + 2 + 1 + 0) / 9
    assert scores["tomasz_nowak.md"] == ["1.00", "1.00", "1.00", "0.00", "1.00"]  # “German” stands there as “Deutsch”
    assert {name for name, each in found.items() if each["misses"]} == {"priya-raman.md"}
    assert [each["is_invited"] for each in run.result["candidates"]][:4] == [True, True, True, False]
    for each in found.values():
        formula = each["total"]["how"].replace("×", "*")
        assert re.fullmatch(r"[\d.*+/() ]+", formula)
        assert float(each["total"]["value"]) == pytest.approx(eval(formula), abs=0.05)  # noqa: S307
    gender = next(impact for impact in run.result["impacts"] if impact["attribute"] == "gender")
    invited = [name for name, each in found.items() if each["is_invited"]]
    women = {"lena-hoffmann.md", "priya-raman.md", "sofia-keller.md"}
    assert {rate["group"]: rate["invited"] for rate in gender["rates"]} == {
        "female": len(women & set(invited)),
        "male": len(set(invited) - women),
    }
    assert "How" in run.answer and "Whose résumé it is" in run.answer


@pytest.mark.django_db
def test_quotes_stand_in_the_covered_resumes_word_for_word(screened):
    run = screened()
    read = run.events.get(name="read").payload["value"]["resumes"]
    texts = {each["label"]: " ".join(" ".join(line["text"] for line in each["lines"]).split()) for each in read}
    quotes = [(c["label"], q["text"]) for c in run.result["candidates"] for s in c["scores"] for q in s["quotes"]]
    assert len(quotes) > 20 and all(text in texts[label] for label, text in quotes)


@pytest.mark.django_db
def test_another_name_sex_and_origin_change_no_score(screened):
    first = (SAMPLES / "lena-hoffmann.md").read_text()
    second = (
        first.replace("Lena Hoffmann", "Mehmet Yılmaz")
        .replace("Ms Hoffmann", "Mr Yılmaz")
        .replace("lena.hoffmann", "mehmet.yilmaz")
        .replace("She builds", "He builds")
        .replace("German\n", "Turkish\n")
        .replace("14 March 1988", "2 May 1964")
    )
    run = screened({"a.md": first.encode(), "b.md": second.encode()})
    one, other = run.result["candidates"]
    assert one["scores"] == other["scores"] and one["rank"] == other["rank"] == 1
    lines = [each["lines"] for each in run.events.get(name="read").payload["value"]["resumes"]]
    assert lines[0] == lines[1]


@pytest.mark.django_db
def test_a_model_never_reads_whose_it_is_and_what_it_invents_is_not_shown(scripted, screened, screener):
    screener.model = ProviderModel.objects.get(name="scripted")
    screener.save()
    invented = {"criterion": "C1", "points": 4, "quote": "Ten years of Python at NASA", "why": "NASA"}
    shown = {"criterion": "C2", "points": 3, "quote": "reports in PostgreSQL", "why": "Reports of a web shop."}
    nothing = {"criterion": "C4", "points": 0, "quote": "", "why": "No German."}
    scripted.script(says(json.dumps({"judgements": [invented, shown, nothing]})))
    run = screened({"lena-hoffmann.md": (SAMPLES / "lena-hoffmann.md").read_bytes()})
    asked = scripted.asked[0].question.lower()
    assert "booking systems for hotels" in asked
    for word in ("lena", "hoffmann", "1988", "901820", "nationality: german", "she builds"):
        assert word not in asked
    scores = {score["criterion"]: score for score in run.result["candidates"][0]["scores"]}
    assert "NASA" not in run.answer and "NASA" not in json.dumps(run.result)
    assert (scores["C2"]["value"], scores["C2"]["by"], scores["C2"]["why"]) == (
        "0.75",
        "model",
        "Reports of a web shop.",
    )
    assert (
        scores["C1"]["by"] == "words" and scores["C4"]["value"] == "1.00"
    )  # where it stands, nothing said is not taken


@pytest.mark.django_db
def test_file_that_cannot_be_read_keeps_no_other_from_being_scored(screened):
    run = screened({"broken.pdf": b"%PDF-1.4 nothing", "jan.md": (SAMPLES / "jan_de_vries.md").read_bytes()})
    assert [each["document"] for each in run.result["unread"]] == ["broken.pdf"]
    assert list(run.result["documents"].values()) == ["jan.md"] and "Not read" in run.answer


@pytest.mark.django_db
def test_pages_of_pdfs_are_named(screened):
    run = screened({"cv.pdf": tender_pdf()}, criteria="clean every classroom; 1")
    quote = run.result["candidates"][0]["scores"][0]["quotes"][0]
    assert "clean every classroom" in quote["text"] and quote["page"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"criteria": "Python; often"}, "Line 1 of the criteria"),
        ({"criteria": "\n"}, "Write 1 to 30 criteria."),
    ],
)
def test_bad_criteria_are_told(screened, values, reason):
    assert reason in screened({"jan.md": (SAMPLES / "jan_de_vries.md").read_bytes()}, **values).error


@pytest.mark.django_db
def test_several_files_by_page(acme, member, screener, work):
    client = client_for(acme, member)
    uploads = [
        SimpleUploadedFile(name, (SAMPLES / name).read_bytes()) for name in ("jan_de_vries.md", "omar_haddad.md")
    ]
    answer = client.post(f"/agents/{screener.pk}/form/", {"values-resumes": uploads, "values-criteria": "Python; 1"})
    assert answer.status_code == 302
    work("agents")
    page = client.get(answer["Location"]).content.decode()
    assert "jan_de_vries.md" in page and "omar_haddad.md" in page and "Whose résumé it is" in page
    many = [SimpleUploadedFile(f"cv{n}.md", b"# Some Body") for n in range(101)]
    refused = client.post(f"/agents/{screener.pk}/form/", {"values-resumes": many, "values-criteria": "Python; 1"})
    assert refused.status_code == 422 and "At most 100 files." in refused.content.decode()
    again = client.post(f"/agents/{screener.pk}/form/", {"values-resumes": "nothing", "values-criteria": "Python; 1"})
    assert again.status_code == 422
