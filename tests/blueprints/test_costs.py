"""The cost estimator: three points a task, totals with their risk, a price, and no figure that was not computed."""

import csv
import io
from decimal import Decimal

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.blueprints.figures import rounded
from apps.blueprints.rfp.costs.blueprint import BLUEPRINT
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.formulas import worked_out
from tests.conftest import client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db
WORK = (BLUEPRINT.folder / "samples" / "work.csv").read_text()
RATES = (BLUEPRINT.folder / "samples" / "rates.csv").read_text()
SMALL = "Task;Rolle;Optimistisch;Wahrscheinlich;Pessimistisch;Tagessatz\nA;Dev;1;2;3;600,00\nB;Dev;2,5;4;8,5;600,00\n"


@pytest.fixture
def estimator(in_acme, admin_user):
    return studio.save_agent(actor=admin_user, values={"name": "Costs"}, blueprint=blueprint_named("rfp_costs"))


@pytest.fixture
def estimated(member, estimator, work):
    def estimate(table=WORK, rates=None, **values):
        given = {"work": kept("work.csv", table), **values}
        if rates is not None:
            given["rates"] = kept("rates.csv", rates)
        run = form_runs.start_form_run(actor=member, agent=estimator, given=given)
        work("agents")
        return finished(run)

    def kept(name, text):
        return str(files.keep_file(actor=member, upload=SimpleUploadedFile(name, text.encode())).pk)

    return estimate


def test_by_hand(estimated):
    run = estimated(SMALL, chance="90", overhead="10", margin="5")
    assert run.state == "succeeded", run.error
    tasks = [
        (each["effort"]["value"], each["deviation"]["value"], each["cost"]["value"])
        for each in run.result["work"]["tasks"]
    ]
    assert tasks == [("2.00", "0.33", "1200.00"), ("4.50", "1.00", "2700.00")]
    assert (run.result["effort"]["value"], run.result["cost"]["value"]) == ("6.50", "3900.00")
    assert run.result["effort_deviation"]["value"] == "1.05"  # √(⅓² + 1²)
    assert run.result["cost_deviation"]["value"] == "632.46"  # √(200² + 600²)
    chance = next(each for each in run.result["chances"] if each["percent"] == 90)
    assert (chance["cost"]["value"], chance["cost"]["how"]) == ("4710.56", "3,900.00 + 1.2816 × 632.46")
    price = run.result["price"]
    assert [price[name]["value"] for name in ("overhead", "margin", "total")] == ["471.06", "259.08", "5440.70"]


def test_the_sample_beside_numpy_and_its_formulas(estimated):
    run = estimated(rates=RATES, chance="80", overhead="12", margin="10")
    rows = list(csv.reader(io.StringIO(WORK)))
    rate = {row[0]: float(row[1]) for row in csv.reader(io.StringIO(RATES)) if row[0] != "Role"}
    low, likely, high = np.array([[float(cell) for cell in row[3:6]] for row in rows[1:]]).T
    per = np.array([rate[row[2]] for row in rows[1:]])
    cost, off = ((low + 4 * likely + high) / 6 * per).sum(), np.sqrt((((high - low) / 6 * per) ** 2).sum())
    assert float(run.result["cost"]["value"]) == pytest.approx(cost, abs=0.05)
    assert float(run.result["cost_deviation"]["value"]) == pytest.approx(off, abs=0.01)
    total = (cost + 0.8416 * off) * 1.12 * 1.1
    assert float(run.result["price"]["total"]["value"]) == pytest.approx(total, abs=0.1)
    for task in run.result["work"]["tasks"]:
        for figure in (task["effort"], task["deviation"], task["cost"]):
            assert rounded(worked_out(figure["how"], rows)) == Decimal(figure["value"])
    assert [group["name"] for group in run.result["roles"]][0] == "Developer"
    assert run.answer.count("```chart") == 2


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("Task,Optimistic,Likely,Pessimistic,Rate\nA,3,2,1,100\n", "Row 2: the three points are not in order"),
        ("Task,Optimistic,Likely,Pessimistic,Rate\nA,1,two,3,100\n", "Row 2: “two” is no number"),
        ("Task,Role,Optimistic,Likely,Pessimistic\nA,Dev,1,2,3\n", "there is no rate for “Dev”"),
        ("Task,Likely\nA,2\n", "no column “Optimistic”, “Pessimistic”"),
        ("Name,Town\nA,B\n", "no columns “Optimistic”"),
        ("Task,Optimistic,Likely,Pessimistic,Rate\n", "has 0 tasks"),
    ],
)
def test_what_cannot_be_estimated_says_where(estimated, table, words):
    run = estimated(table)
    assert (run.state, words in run.error) == ("failed", True), run.error


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "It comes to 4,432.28 with a chance of 80 %.",
            "It comes to [4,432.28](#how-it-becomes-a-price) with a chance of [80](#how-sure-it-is) %.",
        ),
        ("It will be about 5,000.", ""),
        ("B is 70 % of it.", ""),
    ],
)
def test_a_model_that_invents_figures_is_not_shown(scripted, estimated, estimator, sentence, shown):
    """What it says is shown with a link from each figure to where it stands how that was computed."""
    estimator.model = ProviderModel.objects.get(name="scripted")
    estimator.save()
    scripted.script(says(f'{{"sentences": ["{sentence}"]}}'))
    run = estimated(SMALL)
    assert (run.answer.startswith(f"{shown}\n\n- **Document**"), run.result["summary"] is not None) == (
        bool(shown),
    ) * 2


def test_a_new_conversation_is_with_an_agent_that_talks(estimator, member, acme):
    assert estimator.name < "Handbook guide"
    page = client_for(acme, member).get("/chat/new/")
    assert page.context["agent"].name == "Handbook guide"
