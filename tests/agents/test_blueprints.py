"""Blueprints as runs: steps are stored, nobody is asked twice, what fails says so and goes on from there."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.agents import registry
from apps.agents.blueprints import Blueprint, Step, StepFailed, Typed
from apps.agents.blueprints.registry import add_blueprint, drop_blueprint
from apps.agents.models import Agent, FormFile, Rule, RuleSet, RunEvent, ToolGrant
from apps.agents.registry import add_tool
from apps.agents.rendering import given_of, progress_of
from apps.agents.services import approvals, drafts, files, form_runs, studio
from apps.agents.services import runs as services
from apps.agents.tools.base import Tool, ToolResult
from apps.audit.models import AuditEvent
from apps.core.errors import InvalidInput
from apps.core.reports import Facts, Report
from apps.prompts.types import Variable
from apps.providers.models import ProviderModel
from apps.providers.types import ToolSpec
from tests.agents.test_runs import finished
from tests.conftest import api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


class Words(Typed):
    words: list[str]


class Answer(Typed):
    text: str


class Shop:
    """What the steps of the tests do; each test says otherwise where it has to."""

    def __init__(self):
        self.calls = []

    def split(self, desk):
        self.calls.append("split")
        return Words(words=desk.values["text"].split())

    def answer(self, desk):
        self.calls.append("answer")
        return Answer(text=" ".join(reversed(desk.of(self.steps[0]).words)))


@pytest.fixture
def shop(tmp_path):
    """A blueprint of two steps, registered for the test."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/instructions.md").write_text("Be brief.")
    (tmp_path / "prompts/ask.md").write_text("About {{ word }}, for {{ person }}.")
    shop = Shop()
    shop.steps = (
        Step("split", "Take apart", Words, lambda desk: shop.split(desk)),
        Step("answer", "Answer", Answer, lambda desk: shop.answer(desk)),
    )
    shop.blueprint = Blueprint(
        key="turned",
        title="Turned round",
        summary="Turns words round.",
        asks=(Variable("text", "text"), Variable("paper", "file", is_required=False, label="The paper")),
        steps=shop.steps,
        report=lambda result: Report((Facts([("Text", result.text)]),)),
        folder=Path(tmp_path),
        tools=("calculate",),
    )
    add_blueprint(shop.blueprint)
    yield shop
    drop_blueprint("turned")


@pytest.fixture
def turner(shop, in_acme, admin_user):
    return studio.save_agent(actor=admin_user, values={"name": "Turner"}, blueprint=shop.blueprint)


def start(member, turner, **values):
    return form_runs.start_form_run(actor=member, agent=turner, given={"text": "one two"} | values)


def on_model(turner, scripted):
    turner.model = ProviderModel.objects.get(name="scripted")
    turner.save()


def test_steps_are_done_in_order_and_stored(member, turner, shop, work):
    run = start(member, turner)
    assert [each.state for each in progress_of(run)] == ["working", "waiting"]
    work("agents")
    assert (finished(run).state, run.result) == ("succeeded", {"text": "two one"})
    assert run.answer == "- **Text**: two one"
    assert [(e.kind, e.name) for e in run.events.all()] == [("step", "split"), ("step", "answer")]
    assert [each.state for each in progress_of(run)] == ["done", "done"]


def test_an_agent_from_it_has_its_instructions_and_tools(turner, admin_user):
    assert turner.instructions == "Be brief."
    assert list(turner.tool_grants.values_list("tool", flat=True)) == ["calculate"]
    assert drafts.start_draft(actor=admin_user, agent=turner).blueprint == "turned"
    assert studio.copy_agent(actor=admin_user, agent=turner).blueprint == "turned"


def test_a_step_that_cannot_be_done_says_why_and_is_done_again(member, turner, shop, work):
    whole = shop.answer
    shop.answer = lambda desk: (_ for _ in ()).throw(StepFailed("There is no answer today."))
    run = start(member, turner)
    work("agents")
    assert (finished(run).state, run.error, run.answer) == ("failed", "There is no answer today.", "")
    assert [each.state for each in progress_of(run)] == ["done", "failed"]
    shop.answer = whole
    services.run_again(actor=member, run=run)
    work("agents")
    assert finished(run).state == "succeeded"
    assert shop.calls == ["split", "answer"]


def test_a_step_that_breaks_down_is_named(member, turner, shop, work):
    shop.split = lambda desk: 1 / 0
    run = start(member, turner)
    work("agents")
    assert finished(run).state == "failed"
    assert "“Take apart” broke down" in run.error


@pytest.mark.parametrize("value", [{"text": 3}, Words(words=["x"]), Answer(text="\0")])
def test_what_does_not_fit_is_not_stored(member, turner, shop, work, value):
    shop.answer = lambda desk: value
    run = start(member, turner)
    work("agents")
    assert finished(run).state == "failed"
    assert not run.events.filter(name="answer").exists()


def test_a_blueprint_that_was_taken_out_ends_its_runs(member, turner, shop, work):
    run = start(member, turner)
    drop_blueprint("turned")
    work("agents")
    assert finished(run).state == "failed"
    assert "not installed" in run.error


def asking(shop):
    def answer(desk):
        shop.calls.append("answer")
        said = desk.ask("one", "ask", Answer, word=desk.of(shop.steps[0]).words[0])
        return said or Answer(text="nothing")

    shop.answer = answer


def test_a_model_answers_with_a_value(member, scripted, turner, shop, work):
    asking(shop)
    on_model(turner, scripted)
    scripted.script(says('Here it is:\n```json\n{"text": "a first"}\n```'))
    run = start(member, turner)
    work("agents")
    assert (finished(run).state, run.result) == ("succeeded", {"text": "a first"})
    messages = scripted.asked[0].body["messages"]
    assert messages[0]["content"].startswith("Be brief.")
    assert (
        messages[1]["content"].startswith("About one, for Mo Member.")
        and '"required":["text"]' in messages[1]["content"]
    )
    assert run.output_tokens > 0


def test_a_model_that_keeps_to_schemas_is_given_one(member, scripted, turner, shop, work):
    asking(shop)
    on_model(turner, scripted)
    turner.model.takes_schema = True
    turner.model.save()
    scripted.script(says('{"text": "a first"}'))
    start(member, turner)
    work("agents")
    schema = scripted.asked[0].body["response_format"]["json_schema"]["schema"]
    assert schema["additionalProperties"] is False


def test_a_wrong_answer_is_asked_for_again_once(member, scripted, turner, shop, work):
    asking(shop)
    on_model(turner, scripted)
    scripted.script(says('{"words": 3}'), says('{"text": "mended"}'))
    run = start(member, turner)
    work("agents")
    assert finished(run).result == {"text": "mended"}
    assert "text" in scripted.asked[1].body["messages"][-1]["content"]


def test_two_wrong_answers_are_none(member, scripted, turner, shop, work):
    asking(shop)
    on_model(turner, scripted)
    scripted.script(says("No."), says("No."))
    run = start(member, turner)
    work("agents")
    assert finished(run).result == {"text": "nothing"}


def test_the_built_in_model_is_not_asked(member, turner, shop, work):
    asking(shop)
    run = start(member, turner)
    work("agents")
    assert finished(run).result == {"text": "nothing"}
    assert not run.events.filter(kind=RunEvent.Kind.MODEL).exists()


def test_nobody_is_asked_twice_by_a_step_that_is_done_again(member, scripted, turner, shop, work):
    asking(shop)
    on_model(turner, scripted)
    whole, tries = shop.answer, []

    def fails_first(desk):
        said = whole(desk)
        tries.append(said)
        if len(tries) == 1:
            raise StepFailed("Once.")
        return said

    shop.answer = fails_first
    scripted.script(says('{"text": "a first"}'))
    run = start(member, turner)
    work("agents")
    services.run_again(actor=member, run=run)
    work("agents")
    assert (finished(run).state, len(scripted.asked)) == ("succeeded", 1)


def test_a_tool_waits_for_consent_and_the_run_goes_on(member, turner, shop, work):
    ToolGrant.objects.filter(agent=turner).update(consent=ToolGrant.Consent.ALWAYS)
    shop.answer = lambda desk: Answer(text=str(desk.use("sum", "calculate", expression="19 * 3")["value"]))
    run = start(member, turner)
    work("agents")
    run.refresh_from_db()
    [approval] = run.approvals.all()
    assert (run.state, approval.arguments) == ("waiting", {"expression": "19 * 3"})
    approvals.approve(actor=member, approval=approval, digest=approval.digest)
    work("agents")
    assert finished(run).result == {"text": "57"}
    assert run.events.filter(kind="tool").count() == 1


def test_a_tool_that_the_agent_does_not_have_is_an_error_for_the_step(member, turner, shop, work):
    ToolGrant.objects.filter(agent=turner).delete()
    shop.answer = lambda desk: Answer(text=desk.use("sum", "calculate", expression="1")["error"])
    run = start(member, turner)
    work("agents")
    assert "no tool named" in finished(run).result["text"]


def rule(turner, **fields):
    rules = RuleSet.objects.create(name="House")
    Rule.objects.create(rule_set=rules, name="One", stage="output", mentions=["two"], **fields)
    turner.rule_sets.add(rules)


def test_rules_of_the_house_hold_for_the_result_too(member, turner, work):
    rule(turner, action="replace", text="II")
    run = start(member, turner)
    work("agents")
    assert (finished(run).answer, run.result) == ("- **Text**: II one", {"text": "II one"})


def test_a_result_that_a_rule_stops_is_shown_nowhere(member, turner, work, acme):
    rule(turner, action="block", text="No twos.")
    run = start(member, turner)
    work("agents")
    assert (finished(run).state, run.answer, run.result) == ("failed", "", None)
    page = client_for(acme, member).get(f"/runs/{run.pk}/?step=2").content.decode()
    assert "two one" not in page and "Hidden by rule" in page


def paper(name="paper.md", text=b"# Title\n\nThe supplier must deliver."):
    return SimpleUploadedFile(name, text)


def test_a_file_is_read_in_the_run(member, turner, shop, work):
    shop.answer = lambda desk: Answer(text=f"{desk.name_of('paper')}: {desk.read('paper')[-1].text}")
    file = files.keep_file(actor=member, upload=paper())
    run = start(member, turner, paper=str(file.pk))
    work("agents")
    assert finished(run).result == {"text": "paper.md: The supplier must deliver."}
    assert run.title == "Turned round: paper.md"
    assert [(each.title, each.text) for each in given_of(run)] == [("Text", "one two"), ("The paper", "paper.md")]
    assert AuditEvent.objects.filter(action="file.kept", target_id=str(file.pk)).count() == 1


def test_a_file_that_is_not_given_or_not_readable_is_told(member, turner, shop, work):
    shop.answer = lambda desk: Answer(text=desk.read("paper")[0].text)
    run = start(member, turner)
    work("agents")
    assert "no file" in finished(run).error
    broken = files.keep_file(actor=member, upload=paper("paper.pdf", b"%PDF-1.4 broken"))
    run = start(member, turner, paper=str(broken.pk))
    work("agents")
    assert finished(run).error.startswith("paper.pdf: The file")


@pytest.mark.parametrize("value", ["no id", "7c1d7f62-1111-4222-8333-944444444444"])
def test_a_file_that_is_not_there_is_refused_at_its_field(member, turner, value):
    with pytest.raises(InvalidInput) as caught:
        start(member, turner, paper=value)
    assert caught.value.field == "values.paper"


def test_the_file_of_somebody_else_is_not_there(member, admin_user, turner):
    theirs = files.keep_file(actor=admin_user, upload=paper())
    with pytest.raises(InvalidInput):
        start(member, turner, paper=str(theirs.pk))


def test_after_a_file_was_read_what_changes_something_is_asked_first(member, turner, shop, work):
    ToolGrant.objects.filter(agent=turner).update(tool="tell_all", consent=ToolGrant.Consent.WHEN_MIXED)
    told = []
    add_tool(
        Tool(ToolSpec("tell_all", "", {"type": "object"}), lambda *_: told.append(1) or ToolResult({}), risk="send")
    )
    shop.answer = lambda desk: desk.read("paper") and desk.use("tell", "tell_all") and Answer(text="told")
    try:
        run = start(member, turner, paper=str(files.keep_file(actor=member, upload=paper()).pk))
        work("agents")
    finally:
        registry._tools.pop("tell_all")
    run.refresh_from_db()
    assert (run.state, told, run.holds) == ("waiting", [], ["private", "untrusted"])


def test_nobody_fills_the_disk_with_files(member, turner, monkeypatch):
    monkeypatch.setattr(files, "MOST_UNUSED", 2)
    first = files.keep_file(actor=member, upload=paper())
    files.keep_file(actor=member, upload=paper())
    with pytest.raises(InvalidInput, match="There are 2 files"):
        files.keep_file(actor=member, upload=paper())
    start(member, turner, paper=str(first.pk))
    files.keep_file(actor=member, upload=paper())


def test_files_that_nobody_used_go(member, turner, django_capture_on_commit_callbacks):
    used, unused, fresh = (files.keep_file(actor=member, upload=paper()) for _ in range(3))
    start(member, turner, paper=str(used.pk))
    FormFile.objects.exclude(pk=fresh.pk).update(created_at=timezone.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        files.forget_unused()
    assert set(FormFile.objects.all()) == {used, fresh}
    assert not unused.file.storage.exists(unused.file.name) and used.file.storage.exists(used.file.name)


def test_by_api_from_the_list_to_the_result(member, admin_user, shop, in_acme, acme, work):
    admin, api = api_for(acme, admin_user), api_for(acme, member)
    [told] = [each for each in api.get("/api/v1/blueprints").json() if each["key"] == "turned"]
    assert [(v["name"], v["kind"], v["title"]) for v in told["variables"]][1] == ("paper", "file", "The paper")
    assert told["result"]["properties"]["text"]["type"] == "string"
    wrong = admin.post("/api/v1/agents/", {"name": "T", "blueprint": "gone"}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["blueprint"])
    agent = admin.post("/api/v1/agents/", {"name": "T", "blueprint": "turned"}, format="json").json()
    assert (agent["has_form"], agent["blueprint"]) == (True, "turned")
    assert api.get(f"/api/v1/agents/{agent['id']}/form").json()["version"] is None
    file = api.post("/api/v1/files", {"file": paper()}, format="multipart").json()
    values = {"text": "one two", "paper": file["id"]}
    started = api.post(f"/api/v1/agents/{agent['id']}/form", {"values": values}, format="json")
    assert started.status_code == 202
    work("agents")
    run = api.get(f"/api/v1/runs/{started.json()['id']}").json()
    assert (run["blueprint"], run["result"]) == ("turned", {"text": "two one"})
    assert [step["title"] for step in run["steps"]] == ["Take apart", "Answer"]


@pytest.mark.parametrize(
    ("name", "text", "status"), [("p.exe", b"MZ", 422), ("p.pdf", b"", 422), ("p.pdf", b"PK\x03\x04", 422)]
)
def test_a_file_of_the_wrong_kind_is_refused(member, in_acme, acme, name, text, status):
    answer = api_for(acme, member).post("/api/v1/files", {"file": paper(name, text)}, format="multipart")
    assert answer.status_code == status
    assert not FormFile.objects.exists()


def test_by_page_the_file_stays_while_the_form_is_mended(member, turner, acme, work):
    client, url = client_for(acme, member), f"/agents/{turner.pk}/form/"
    refused = client.post(url, {"values-text": "", "values-paper": paper()})
    assert refused.status_code == 422
    [file] = FormFile.objects.all()
    assert f'value="{file.pk}"' in refused.content.decode() and "paper.md" in refused.content.decode()
    sent = client.post(url, {"values-text": "one two", "values-paper": str(file.pk)})
    work("agents")
    page = client.get(sent["Location"]).content.decode()
    assert "two one" in page and "result.json" in page
    run = turner.runs.get()
    saved = client.get(f"/runs/{run.pk}/result.json")
    assert (saved.json(), saved["Content-Type"]) == ({"text": "two one"}, "application/json")
    given = client.get(f"/runs/{run.pk}/files/{file.pk}/")
    assert given["Content-Disposition"] == 'attachment; filename="paper.md"'
    assert b"".join(given.streaming_content).startswith(b"# Title")


def test_a_file_too_many_bytes_long_is_told_at_the_field(member, turner, acme, settings):
    settings.MAX_DOCUMENT_BYTES = 10
    answer = client_for(acme, member).post(f"/agents/{turner.pk}/form/", {"values-text": "x", "values-paper": paper()})
    assert answer.status_code == 413
    assert "is larger than" in answer.content.decode()


def test_it_is_offered_where_agents_are_made(admin_user, shop, in_acme, acme):
    client = client_for(acme, admin_user)
    assert "Turned round" in client.get("/agents/new/").content.decode()
    page = client.get("/agents/new/?blueprint=turned").content.decode()
    assert 'value="Turned round"' in page and "works by the blueprint" in page
    made = client.post("/agents/new/?blueprint=turned", {"name": "Mine", "icon": "scale", "max_steps": 12})
    agent = Agent.objects.get(name="Mine")
    assert (made.status_code, agent.blueprint) == (302, "turned")
    assert f"/agents/{agent.pk}/form/" in client.get("/agents/").content.decode()
