"""Tables among the documents are asked in SQL: what comes out is reckoned, and nothing else can be done with it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.services import sharing
from apps.agents import registry
from apps.agents.models import Run, ToolGrant
from apps.agents.services.runs import start_run
from apps.agents.tools.base import ToolContext, ToolFailed
from apps.agents.tools.tables import QUERY_TABLE
from apps.knowledge.services import upload_document
from tests.agents.test_runs import finished
from tests.knowledge.samples import excel
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db
SALES = b"region;month;amount\nnorth;2026-01-01;1.200,50\nsouth;2026-01-01;80\nnorth;2026-02-01;99,50\n"


@pytest.fixture
def uploaded(base, admin_user, work):
    def upload(name, data):
        document, _is_new = upload_document(
            actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile(name, data)
        )
        work("documents")
        document.refresh_from_db()
        assert document.state == "ready", document.error
        return document

    return upload


@pytest.fixture
def ask(member, agent, uploaded):
    uploaded("sales.csv", SALES)

    def call(sql="", document="sales.csv", user=member):
        context = ToolContext(user, agent, (), "key")
        return QUERY_TABLE.call(context, {"document": document, "sql": sql}).content

    return call


def test_tells_what_there_is(ask):
    [table] = ask()["tables"]
    assert (table["table"], table["rows"]) == ("data", 3)
    assert [(each["name"], each["kind"]) for each in table["columns"]] == [
        ("region", "text"),
        ("month", "day"),
        ("amount", "decimal_comma"),
    ]
    assert table["first"][0] == ["north", "2026-01-01", "1.200,50"]


def test_reckons(ask):
    told = ask("SELECT region, sum(amount) AS total FROM data GROUP BY region ORDER BY total DESC")
    assert told["columns"] == ["region", "total"]
    assert told["rows"] == [["north", 1300], ["south", 80]]
    assert (told["is_cut"], told["document"]) == (False, "sales.csv")


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE data",
        "ATTACH '/tmp/x.db' AS x",
        "PRAGMA database_list",
        "SELECT load_extension('x')",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM data",
        "INSERT INTO data VALUES (1, 2, 3)",
        "VACUUM INTO '/tmp/x.db'",
    ],
)
def test_refuses_what_is_no_select(ask, sql):
    with pytest.raises(ToolFailed, match="The query was refused"):
        ask(sql)


def test_a_query_without_end_is_ended(ask, uploaded):
    uploaded("many.csv", b"a\n" + b"1\n" * 3_000)
    with pytest.raises(ToolFailed, match="interrupted"):
        ask("SELECT count(*) FROM data x, data y, data z", "many.csv")


def test_long_answers_are_cut_and_say_so(ask, uploaded):
    uploaded("many.csv", b"a\n" + b"1\n" * 3_000)
    told = ask("SELECT a FROM data", "MANY.csv")
    assert (len(told["rows"]), told["is_cut"]) == (200, True)


def test_an_answer_fits_into_a_model(ask, uploaded):
    uploaded("wide.csv", b"a,b\n" + b"".join(b"%s,%s\n" % (b"x" * 1_900, b"y" * 1_900) for _ in range(50)))
    told = ask("SELECT * FROM data", "wide.csv")
    assert (len(told["rows"]), told["is_cut"]) == (7, True)
    assert {len(cell) for row in ask(document="wide.csv")["tables"][0]["first"] for cell in row} == {80}


def test_sheets_are_tables(ask, uploaded):
    book = excel(**{"Staff 2026": [["Name", "Name", None, "Id"], ["Ann", "A.", 3, "007"]], "Empty": []})
    uploaded("staff.xlsx", book)
    [table] = ask(document="staff.xlsx")["tables"]
    assert (table["table"], table["sheet"]) == ("staff_2026", "Staff 2026")
    assert [each["name"] for each in table["columns"]] == ["name", "name_2", "column_3", "id"]
    assert ask("SELECT id, column_3 FROM staff_2026", "staff.xlsx")["rows"] == [["007", 3]]


def test_names_what_there_is_for_a_name_that_is_none(ask):
    with pytest.raises(ToolFailed, match=r"There are: sales\.csv\."):
        ask(document="gone.csv")


def test_what_the_person_does_not_see_is_not_there(ask, base, admin_user, agent, member):
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    with pytest.raises(ToolFailed, match="There are none"):
        ask()
    assert ask(user=admin_user)["tables"]


def test_in_a_run(member, agent, scripted, ask, work):
    ToolGrant.objects.create(agent=agent, tool="query_table")
    sql = "SELECT sum(amount) AS total FROM data"
    scripted.script(calls("query_table", {"document": "sales.csv", "sql": sql}), says("1,380 in all."))
    run = start_run(actor=member, agent=agent, question="How much did we sell?")
    work("agents")
    assert finished(run).answer == "1,380 in all."
    step = run.events.get(kind="tool")
    assert '"rows":[[1380' in step.payload["result"]
    assert set(Run.objects.get(pk=run.pk).holds) == {"private", "untrusted"}
    assert registry.built_in("query_table") is QUERY_TABLE
