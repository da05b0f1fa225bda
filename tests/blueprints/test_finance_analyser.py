"""The finance analyser: columns are told, figures are right and their formulas give them, a model invents none."""

import csv
import io
from decimal import Decimal

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.blueprints.cells import number_in
from apps.blueprints.figures import is_backed, rounded
from apps.blueprints.finance.tables.blueprint import BLUEPRINT
from apps.blueprints.finance.tables.columns import columns_of, period_in
from apps.blueprints.finance.tables.results import Analysis, report_of
from apps.blueprints.finance.tables.steps import _measured
from apps.knowledge.types import Sheet
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.formulas import worked_out
from tests.knowledge import samples
from tests.standin.server import says

SAMPLE = (BLUEPRINT.folder / "samples" / "departments.csv").read_text()
BALANCE = [
    ("Account", "2025", "2026"),
    ("Revenue", "900", "1000"),
    ("Cost of sales", "-500", "-600"),
    ("Operating profit", "120", "150"),
    ("Net income", "80", "90"),
    ("Inventories", "50", "60"),
    ("Current assets", "300", "330"),
    ("Total assets", "800", "900"),
    ("Current liabilities", "200", "220"),
    ("Total liabilities", "400", "450"),
    ("Equity", "400", "450"),
]


def measured(rows):
    sheet = Sheet("", tuple(map(tuple, rows)))
    return _measured("t.csv", sheet, columns_of(sheet))


def figures_of(measures):
    """Yield every figure whose receipt is a formula."""
    for measure in measures.columns:
        yield from measure.figures
    for trend in measures.trends:
        yield from (*trend.totals, *filter(None, trend.changes), *filter(None, [trend.whole]))
    for shares in measures.shares:
        yield from (*shares.totals, *shares.shares)
    for variance in measures.variances:
        yield from (variance.difference, *filter(None, [variance.percent]))
    yield from measures.ratios
    yield from (outlier.score for outlier in measures.outliers)


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("text", "has_comma", "number"),
    [
        ("1,234.50", False, "1234.50"),
        ("1.234,50", True, "1234.50"),
        ("(1,200)", False, "-1200"),
        ("12.5-", False, "-12.5"),
        ("€ 1 200.00", False, "1200.00"),
        ("EUR 7", False, "7"),
        ("19 %", False, "19"),
        ("-3", False, "-3"),
        ("n/a", False, None),
        ("1.2.3", False, None),
    ],
)
def test_numbers_in_cells(text, has_comma, number):
    assert number_in(text, has_comma=has_comma) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-03-31", "2026-03"),
        ("2026-03", "2026-03"),
        ("31.03.2026", "2026-03"),
        ("03/2026", "2026-03"),
        ("Mar 2026", "2026-03"),
        ("März 2026", "2026-03"),
        ("Q2 2026", "2026-Q2"),
        ("2026", "2026"),
        ("42", ""),
        ("Sales", ""),
    ],
)
def test_periods_in_cells(text, period):
    assert period_in(text) == period


def test_a_table_in_german_is_read():
    rows = [("Monat", "Kostenstelle", "Soll", "Ist"), *((f"0{n}.2026", f"K{n % 2}", "1.000,00", f"1.0{n}0,50") for n in range(1, 7)), ("Summe", "", "6.000,00", "6.213,00")]  # fmt: skip
    measures = measured(rows)
    assert (measures.rows, measures.left_out) == (6, 1)
    assert [(each.name, each.plan, each.actual) for each in measures.variances] == [
        ("K0", Decimal("3000.00"), Decimal("3121.50")),
        ("K1", Decimal("3000.00"), Decimal("3091.50")),
        ("Together", Decimal("6000.00"), Decimal("6213.00")),
    ]


def test_rows_of_totals_in_between_are_left_out():
    measures = measured(SUBTOTALS)
    assert (measures.rows, measures.left_out) == (12, 2)
    assert measures.columns[1].figures[0].how == "=SUM(C2:C7,C9:C14)"
    assert (measures.variances[-1].plan, measures.variances[-1].actual) == (120, 213)
    assert [(each.column, each.row) for each in measures.outliers if each.column == "Actual"] == [("Actual", 14)]
    for figure in figures_of(measures):
        if figure.how.startswith("="):
            assert rounded(worked_out(figure.how, SUBTOTALS)) == rounded(figure.value), figure


def test_the_sample_by_hand():
    measures = measured(rows_of(SAMPLE))
    assert (measures.rows, measures.left_out) == (48, 1)
    together = measures.variances[-1]
    assert (together.plan, together.actual, together.percent.value) == (Decimal("2187000.00"), Decimal("2233373.84"), Decimal("2.12"))  # fmt: skip
    assert measures.variances[0].name == "Facilities"
    assert [(each.row, each.name, each.value) for each in measures.outliers] == [
        (33, "Facilities", Decimal("43250.40"))
    ]
    assert measures.trends[0].slope.value == 500


SUBTOTALS = [
    ("Unit", "Plan", "Actual"),
    *((f"A{n}", "10", str(10 + n % 3)) for n in range(6)),
    ("Subtotal", "60", "66"),
    *((f"B{n}", "10", str(11 + n % 2)) for n in range(5)),
    ("C", "10", "90"),
    ("Total", "120", "212"),
]


def tables():
    """Tables of many shapes, from one seed."""
    rng = np.random.default_rng(5)
    for count in (2, 9, 24, 60, 200):
        names = (
            [f"Unit {chr(65 + n)}" for n in rng.integers(0, 5, count)] if count > 9 else [f"U{n}" for n in range(count)]
        )
        months = [f"{2024 + n // 12}-{n % 12 + 1:02}" for n in np.sort(rng.integers(0, 30, count))]
        plan, actual = rng.normal(1000, 200, count).round(2), rng.normal(1000, 260, count).round(2)
        actual[0] = 9000
        yield [("Month", "Unit", "Plan", "Actual"), *zip(months, names, map(str, plan), map(str, actual), strict=True)]


@pytest.mark.parametrize("rows", [rows_of(SAMPLE), BALANCE, *tables()], ids=range(7))
def test_every_formula_gives_its_figure(rows):
    found = list(figures_of(measured(rows)))
    assert len(found) > 8
    for figure in found:
        assert rounded(worked_out(figure.how, rows)) == rounded(figure.value), figure


@pytest.mark.parametrize("rows", list(tables())[2:], ids=range(3))
def test_figures_equal_those_of_numpy(rows):
    measures = measured(rows)
    actual = np.array([float(row[3]) for row in rows[1:]])
    for trend in measures.trends:
        totals = [float(total.value) for total in trend.totals]
        assert float(trend.slope.value) == pytest.approx(np.polyfit(range(len(totals)), totals, 1)[0], abs=0.006)
    off = np.abs(actual - np.median(actual))
    far = {place + 2 for place in np.flatnonzero(0.6745 * off / np.median(off) > 3.5)}
    assert {each.row for each in measures.outliers if each.column == "Actual"} == far


def test_ratios_of_a_balance_sheet():
    found = {each.name: (str(each.value), each.how) for each in measured(BALANCE).ratios}
    assert found == {
        "Gross margin, per cent": ("40.00", "=(C2-ABS(C3))/C2*100"),
        "Operating margin, per cent": ("15.00", "=C4/C2*100"),
        "Net margin, per cent": ("9.00", "=C5/C2*100"),
        "Return on assets, per cent": ("10.00", "=C5/C8*100"),
        "Return on equity, per cent": ("20.00", "=C5/C11*100"),
        "Current ratio": ("1.50", "=C7/C9"),
        "Quick ratio": ("1.23", "=(C7-ABS(C6))/C9"),
        "Debt to equity": ("1.00", "=C10/C11"),
        "Equity ratio, per cent": ("50.00", "=C11/C8*100"),
    }


def test_the_report_draws_what_it_lists():
    text = report_of(Analysis(summary=None, measures=measured(rows_of(SAMPLE)))).as_markdown()
    assert text.count("```chart") == 5
    assert "| Facilities | 216,000.00 | 260,244.95 | 44,244.95 | 20.48 % |" in text


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("It rose by 2.1 %.", True),
        ("It rose by 2.12 per cent to 2,233,373.84.", True),
        ("Es stieg um 2,1 % auf 2.233.374.", True),
        ("In 2026-08 it fell.", True),
        ("It rose by 2.2 %.", False),
        ("It will be 3,000,000.", False),
        ("It rose.", True),
        ("In 8 months it fell.", False),
    ],
)
def test_figures_are_backed_or_not(text, is_it):
    assert is_backed(text, values=[Decimal("2.12"), Decimal("2233373.84")], names=["2026-08"]) == is_it


def analysed(member, agent, work, data, name="t.csv"):
    file = files.keep_file(actor=member, upload=SimpleUploadedFile(name, data))
    run = form_runs.start_form_run(actor=member, agent=agent, given={"table": str(file.pk)})
    work("agents")
    return finished(run)


@pytest.fixture
def analyser(in_acme, admin_user):
    return studio.save_agent(
        actor=admin_user, values={"name": "Figures"}, blueprint=blueprint_named("finance_analyser")
    )


@pytest.mark.django_db
def test_a_table_is_analysed_without_a_model(member, analyser, work):
    run = analysed(member, analyser, work, SAMPLE.encode())
    assert run.state == "succeeded", run.error
    assert (run.result["summary"], run.result["measures"]["rows"]) == (None, 48)
    assert "## Plan and actual" in run.answer


@pytest.mark.django_db
def test_an_excel_file_is_read(member, analyser, work):
    data = samples.excel(Notes=[["Nothing here"]], Figures=[["Unit", "Sum"], ["A", 1.5], ["B", 2.5]])
    run = analysed(member, analyser, work, data, "t.xlsx")
    assert run.result["measures"]["sheet"] == "Figures"
    assert run.result["measures"]["columns"][0]["figures"][0]["value"] == "4.0"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "Facilities went over by 44,244.95, or 20.5 %.",
            "Facilities went over by [44,244.95](#plan-and-actual), or [20.5](#plan-and-actual) %.",
        ),
        ("Facilities went over by 50,000.", ""),
        ("Next year it will be 12 % more.", ""),
        ("Costs rose threefold, by 2.12 % and 777.", ""),
    ],
)
def test_a_model_that_invents_figures_is_not_shown(scripted, member, analyser, work, sentence, shown):
    """What it says is shown with a link from each figure to where it stands how that was computed."""
    analyser.model = ProviderModel.objects.get(name="scripted")
    analyser.save()
    scripted.script(says(f'{{"sentences": ["{sentence}"]}}'))
    run = analysed(member, analyser, work, SAMPLE.encode())
    assert (run.answer.startswith(f"{shown}\n\n- **Document**"), run.result["summary"] is not None) == (
        bool(shown),
    ) * 2
    assert not shown or "\n## Plan and actual\n" in run.answer


@pytest.mark.django_db
def test_a_table_without_numbers_says_so(member, analyser, work):
    run = analysed(member, analyser, work, b"Name,Town\nA,B\nC,D\n")
    assert (run.state, "No column of numbers" in run.error) == ("failed", True)
