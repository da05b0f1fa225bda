"""One tenant's objects and visitors, for the matrix to be tried on.

They are made once, in a transaction around all tests of the module; each test is a savepoint in it.
"""

import uuid
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from apps.core.tenancy import public_context, tenant_context
from tests.conftest import PASSWORD, _tenant, _user


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """{name: id} of objects of acme, with the visitors `colleague`, `suspended` and the text of a key without scope."""
    around = transaction.atomic()
    with django_db_blocker.unblock():
        with public_context():
            around.__enter__()
        acme = _tenant("acme")
        with tenant_context(acme):
            ids = _objects(_user(acme, "member"), _user(acme, "admin")) | {"tenant": acme.pk}
        yield ids  # outside any tenant, as each test begins
        with public_context():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)


def _objects(member, admin):
    """Make a finished conversation with its run, a document and one to be deleted, and what a tenant has; most of it is `member`'s."""
    from apps.accounts.models import ApiKey
    from apps.accounts.roles import group_for
    from allauth.idp.oidc.models import Client

    from apps.accounts.services import groups, keys, members, programs, requests, sharing, single_sign_on, support
    from apps.agents.models import Agent, Approval, Fact, Run, StandingConsent, ToolGrant
    from apps.agents.services import files, personalities, python_tools, rule_sets, versions
    from apps.audit.actions import REFUSED
    from apps.audit.services import alerts
    from apps.audit.watch import notice
    from apps.conversations import services as conversations
    from apps.jobs.worker import drain
    from apps.knowledge import services as knowledge
    from apps.knowledge.models import KnowledgeBase, Question
    from apps.knowledge.services import questions, sources, uploads
    from apps.integrations.models import Webhook
    from apps.integrations.services import connections as integrations
    from apps.providers import services as providers
    from apps.projects import services as projects
    from apps.prompts.services import library as prompts
    from apps.usage.services import budgets
    from apps.workflows.models import Checklist, Delivery
    from apps.conversations.models import Feedback
    from apps.workflows.services import automations, batches, executions, workflows
    from apps.evaluations.services import sets
    from apps.widgets.services.widgets import save_widget

    def work(queue):
        with tenant_context(None):
            drain(queue)

    def upload(name):
        file = SimpleUploadedFile(name, f"# {name}\n\nStaff receive 28 days of annual leave. CANARY-{name}\n".encode())
        return knowledge.upload_document(actor=member, knowledge_base=base, upload=file)[0]

    base, agent = KnowledgeBase.objects.get(), Agent.objects.get()
    document, spare = upload("a.md"), upload("b.md")
    work("documents")
    wanted = {"address": "https://handbook.example/leave"}
    source = sources.add_source(actor=admin, knowledge_base=base, kind="page", values=wanted)
    asked = {"question": "How many days of leave?", "document": "a.md"}
    questions.add_questions(actor=admin, knowledge_base=base, rows=[asked])
    proposed = Question.objects.create(knowledge_base=base, text="Who pays for trains?", state="proposed")
    invitation = members.invite(actor=admin, email="new@acme.example", roles=[group_for("member")])
    key = keys.make_key(actor=member, name="Nightly", scopes=["agents:read"]).key
    role = groups.save_role(actor=admin, name="Reader", rights=["audit.view_auditevent"])
    team = groups.save_group(actor=admin, name="Finance", members=[member])
    asked = requests.ask_for_access(actor=member, path="/audit/")
    values = {"kind": "oidc", "name": "Work", "client_id": "x", "server_url": "https://login.example.com"}
    access = support.allow(actor=admin, role="auditor", hours=1, reason="Look at the queue")
    noticed = notice(REFUSED, actor=member)
    automated = {"name": "Morning", "agent": agent, "values": {"question": "News?"}, "cron": "0 8 * * *"}
    automation = automations.save_automation(actor=member, values=automated)[0]
    occurrence = automations.start_now(actor=member, automation=automation)
    delivery = Delivery.objects.create(occurrence=occurrence, kind="email", target="x@acme.example", state="failed")
    batch = batches.add_batch(actor=member, agent=agent, name="Topics", rows=[{"question": "CANARY of the member"}])
    check = {"kind": "person", "name": "check", "text": "CANARY of the member"}
    workflow = workflows.save_workflow(
        actor=admin,
        values={"name": "Brief", "flow": {"inputs": [{"name": "topic", "is_required": False}], "steps": [check]}},
    )
    execution = executions.start_execution(actor=member, workflow=workflow, given={"topic": "CANARY of the member"})
    channel = alerts.add_channel(actor=admin, kind="email", target="soc@acme.example").channel
    alert = alerts.try_channel(actor=admin, channel=channel)
    sso = single_sign_on.save_provider(actor=admin, values=values, secret="s")
    nowhere = {"kind": "openai_compatible", "name": "Nowhere", "base_url": "http://127.0.0.1:9/v1"}
    provider = providers.save_provider(actor=admin, values=nowhere)
    model = providers.save_model(actor=admin, provider=provider, values={"name": "m"})
    budget = budgets.save_budget(actor=admin, values={"name": "All", "scope": "tenant", "limit": 1000})
    wish = budgets.ask_for_more(actor=member, budget=budget)
    prompt = prompts.create_prompt(actor=admin, name="Tone", text="Be brief, {{ person }}.")
    letter = prompts.create_prompt(actor=admin, name="Letter", text="Write to {{ name }}.")
    Agent.objects.filter(pk=agent.pk).update(form=letter, form_label="draft")
    versions.keep(admin, agent)
    personality = personalities.save_personality(actor=admin, values={"name": "Dry", "tone": "dry"})
    code = 'def run() -> int:\n    """One."""\n    return 1'
    written = python_tools.save_tool(actor=admin, values={"name": "one", "code": code})
    rule = {"name": "Polite", "stage": "output", "action": "add", "text": "Thank you."}
    rules = rule_sets.save_rule_set(actor=admin, values={"name": "House"}, rules=[rule])
    project = projects.begin_project(actor=None, name="Relocation")
    sharing.share(actor=None, shared=project, to=member, level="manage")
    message = conversations.start_conversation(actor=member, agent=agent, text="How many days of leave?")
    work("agents")
    described = '{"openapi": "3.1.0", "servers": [{"url": "http://127.0.0.1:9"}], "paths": {"/x": {"get": {}}}}'
    connection = integrations.connect(actor=admin, values={"name": "Desk"}, document=described)
    webhook = Webhook.objects.create(name="Desk", url="http://127.0.0.1:9", events=["run.finished"])
    webhook.set_secret("whsec_AAAA")
    webhook.save()
    widget = save_widget(
        actor=admin,
        values={"name": "CANARY portal", "agent": agent.pk, "origins": ["https://canary.example"]},
    )[0]
    evaluated = sets.save_set(actor=admin, agent=Agent.objects.get(pk=agent.pk), values={"name": "CANARY set"})
    case = {"values": {"name": "CANARY of the admin"}, "expected": "Dear"}
    tried = evaluated.runs.create(content={}, state="done", started_by=admin)
    said = Feedback.objects.create(message=message, is_good=True, comment="CANARY of the member")
    compared = agent.experiments.create(name="CANARY experiment", until=timezone.now() + timedelta(days=1))
    told = webhook.deliveries.create(event="run.finished", about="run:x", payload={"CANARY": 1}, state="dead")
    ToolGrant.objects.create(agent=agent, tool="calculate")
    file = files.keep_file(actor=member, upload=SimpleUploadedFile("offer.md", b"CANARY of the member"))
    file.runs.add(message.run_id)
    Run.objects.filter(pk=message.run_id).update(result={"text": "CANARY of the member"})
    approval = Approval.objects.create(
        run_id=message.run_id,
        root_id=message.run_id,
        call_id="c1",
        tool="calculate",
        title="Calculator",
        risk="read",
        why="always",
        proposed={"expression": "1"},
        arguments={"expression": "1"},
        digest="d",
        expires_at=timezone.now() + timedelta(days=1),
    )
    checklist = Checklist.objects.create(name="CANARY list", owner=member)
    consent = StandingConsent.objects.create(
        person=member, agent=agent, tool="calculate", expires_at=timezone.now() + timedelta(days=1)
    )
    client = Client(name="CANARY program")
    programs.check_registration(client, ["https://assistant.example/back"])
    client.save()
    program = programs.let_in(actor=member, client=client, scopes=["agents:write"])
    narrow = keys.make_key(actor=admin, name="Narrow", scopes=["audit:read"])
    ApiKey.objects.filter(pk=narrow.key.pk).update(scopes=["nothing:read"])
    colleague = members.create_user(email="colleague@acme.example", name="Cole Colleague", password=PASSWORD)
    gone = members.create_user(email="gone@acme.example", name="Gone", password=PASSWORD, role="owner")
    members.suspend(actor=admin, user=gone)
    return {
        "document": document.pk,
        "passage": document.chunks.get().pk,
        "source": source.pk,
        "labelled": base.questions.labelled().get().pk,
        "proposed": proposed.pk,
        "upload": uploads.begin_upload(actor=member, knowledge_base=base, name="CANARY.txt", size_bytes=9).pk,
        "spare": spare.pk,
        "base": base.pk,
        "agent": agent.pk,
        "run": message.run_id,
        "file": file.pk,
        "conversation": message.conversation_id,
        "person": member.pk,
        "invitation": invitation.pk,
        "key": key.pk,
        "program": program.pk,
        "role": role.pk,
        "group": team.pk,
        "asked": asked.pk,
        "sso": sso.pk,
        "noticed": noticed.pk,
        "support": access.pk,
        "channel": channel.pk,
        "alert": alert.pk,
        "provider": provider.pk,
        "model": model.pk,
        "budget": budget.pk,
        "wish": wish.pk,
        "prompt": prompt.pk,
        "personality": personality.pk,
        "python_tool": written.pk,
        "fact": Fact.objects.create(person=member, text="CANARY of the member").pk,
        "rules": rules.pk,
        "rule": rules.rules.get().pk,
        "label": prompt.labels.get().pk,
        "project": project.pk,
        "approval": approval.pk,
        "connection": connection.pk,
        "webhook": webhook.pk,
        "told": told.message,
        "widget": widget.pk,
        "evaluation_set": evaluated.pk,
        "evaluation_case": sets.save_case(actor=admin, evaluation_set=evaluated, values=case).pk,
        "evaluation_run": tried.pk,
        "experiment": compared.pk,
        "said": said.pk,
        "automation": automation.pk,
        "batch": batch.pk,
        "workflow": workflow.pk,
        "checklist": checklist.pk,
        "checklist_item": checklist.items.create(number=1, title="CANARY", due=date(2027, 2, 1)).pk,
        "execution": execution.pk,
        "task": execution.steps.get().pk,
        "step": "check",
        "asked_for": "topic",
        "delivery": delivery.pk,
        "consent": consent.pk,
        "kind": "agents",
        "number": 1,
        **{kind: kind for kind in ("pdf", "docx", "md", "json")},
        "slug": "anything",
        "accent": "0b6377",
        "digest": "0" * 16,
        "message": message.pk,
        "question": message.parent_id,
        "unknown": uuid.uuid4(),
        "narrow key": narrow.text,
    }


@pytest.fixture
def db(made, django_db_blocker):
    """Stands in for pytest-django's: a savepoint in the module's transaction, entered where a query may be."""
    with django_db_blocker.unblock():
        with public_context():
            mark = transaction.savepoint()
        yield
        with public_context():
            transaction.savepoint_rollback(mark)
            transaction.set_rollback(False)


@pytest.fixture
def objects(made, db):
    return made


@pytest.fixture
def colleague(objects, acme):
    return _user(acme, "colleague")


@pytest.fixture
def suspended(objects, acme):
    return _user(acme, "gone")


@pytest.fixture
def scopeless(objects):
    """A client with an owner's key that reaches one scope alone, of an area that has no route."""
    from rest_framework.test import APIClient

    return APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {objects['narrow key']}")
