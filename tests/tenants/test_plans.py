"""Plans: what an organisation may use in a month and a minute, set by operators, held by the ledger and the limits."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from apps.accounts.services.members import create_operator
from apps.agents.services import runs
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import PUBLIC, public_context, tenant_context
from apps.tenants import services
from apps.tenants.models import Plan, Tenant
from apps.tenants.plans import Allowance, allowance
from apps.usage.errors import BudgetSpent
from apps.usage.models import Budget, BudgetPeriod
from apps.usage.services import budgets
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db):
    return create_operator(email="op@platform.example", name="Op", password=PASSWORD)


@pytest.fixture
def plan(operator):
    values = {"name": "Team", "tokens_a_month": 1_000, "money_a_month": Decimal("5.00"), "requests_a_minute": 3}
    return services.save_plan(actor=operator, values=values)


@pytest.fixture
def given(plan, operator, acme):
    services.give_plan(actor=operator, tenant=acme, plan=plan)
    return plan


def plan_budgets(tenant):
    with tenant_context(tenant):
        return {budget.measure: (budget.name, budget.limit) for budget in Budget.objects.filter(is_plan=True)}


def test_without_a_plan_there_is_no_limit(in_acme):
    assert allowance() == Allowance()


def test_plan_becomes_budgets_that_follow_it(given, operator, acme, globex):
    assert plan_budgets(acme) == {"tokens": ("Team (tokens)", 1_000), "money": ("Team (money)", 5)}
    assert plan_budgets(globex) == {}
    services.save_plan(actor=operator, values={"money_a_month": None, "tokens_a_month": 2_000}, plan=given)
    assert plan_budgets(acme) == {"tokens": ("Team (tokens)", 2_000)}
    services.give_plan(actor=operator, tenant=acme, plan=None)
    assert plan_budgets(acme) == {}
    with public_context():
        told = AuditEvent.objects.filter(action="plan.given").values_list("before", "after")
        assert sorted(map(str, told)) == sorted(
            map(str, [({"plan": None}, {"plan": "Team"}), ({"plan": "Team"}, {"plan": None})])
        )


def test_call_beyond_the_plan_is_not_made_and_says_so(given, acme, member, agent, scripted, work, settings):
    settings.MAX_ANSWER_TOKENS = 200
    scripted.script(says("one two three", usage={"input": 700}), says("Never."))
    run = runs.start_run(actor=member, agent=agent, question="Hi?")
    work("agents")
    assert finished(run).state == "succeeded"
    later = runs.start_run(actor=member, agent=agent, question="Hi again?")
    work("agents")
    assert (finished(later).state, later.error_code) == ("failed", "plan_spent")
    assert "“Team (tokens)”, is used up. It begins again on" in later.error and len(scripted.asked) == 1
    BudgetPeriod.objects.update(spent=2_000)
    with pytest.raises(BudgetSpent) as refused:
        runs.start_run(actor=member, agent=agent, question="And now?")
    assert refused.value.code == "plan_spent" and refused.value.retry_after_s > 0


def test_organisation_sees_its_plan_and_cannot_change_it(given, acme, admin_user, admin_client):
    with tenant_context(acme):
        budget = Budget.objects.get(is_plan=True, measure="tokens")
        for change in (
            lambda: budgets.save_budget(actor=admin_user, values={"limit": 10**9}, budget=budget),
            lambda: budgets.remove_budget(actor=admin_user, budget=budget),
        ):
            with pytest.raises(Conflict, match="plan"):
                change()
        assert budget not in budgets.askable(admin_user)
    page = admin_client.get("/usage/").content.decode()
    assert "Your plan" in page and "Team (tokens)" in page and "Ask for more" not in page
    assert f"/usage/budgets/{budget.pk}/" not in admin_client.get("/usage/budgets/").content.decode()
    assert api_for(acme, admin_user).get("/api/v1/organizations/").json()["results"][0]["plan"] == "Team"


def test_requests_a_minute_are_the_plans(given, acme, globex, member, outsider):
    api, other = api_for(acme, member), api_for(globex, outsider)
    answers = [api.get("/api/v1/auth/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "3" and int(answers[3].headers["Retry-After"]) > 0
    assert other.get("/api/v1/auth/me").status_code == 200


def test_plan_leaves_names_that_are_taken(plan, operator, acme, in_acme):
    Budget.objects.create(name="Team (money)", limit=1)
    services.give_plan(actor=operator, tenant=acme, plan=plan)
    assert plan_budgets(acme)["money"][0] == "Team (money) – plan"


def test_default_plan_is_given_to_whoever_comes(plan, operator):
    services.save_plan(actor=operator, values={"is_default": True}, plan=plan)
    other = services.save_plan(actor=operator, values={"name": "Other", "is_default": True})
    tenant = services.provision_tenant(slug="fresh", name="Fresh")
    assert tenant.plan == other
    services.save_plan(actor=operator, values={"tokens_a_month": 7}, plan=other)
    assert plan_budgets(tenant) == {"tokens": ("Other (tokens)", 7)}
    with public_context():
        assert Plan.objects.get(is_default=True) == other


def test_bad_plans_are_refused(plan, given, operator):
    with pytest.raises(InvalidInput):
        services.save_plan(actor=operator, values={"name": " "})
    with pytest.raises(Conflict):
        services.save_plan(actor=operator, values={"name": "Team"})
    with pytest.raises(Conflict):
        services.remove_plan(actor=operator, plan=plan)


def test_by_platform_api(operator, acme):
    api = APIClient(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        api.force_login(operator)
    made = api.post("/api/v1/platform/plans", {"name": "Small", "tokens_a_month": 5}).json()
    assert made["requests_a_minute"] is None
    assert api.put("/api/v1/platform/tenants/acme/plan", {"plan": made["id"]}).json()["plan"] == "Small"
    changed = api.put(f"/api/v1/platform/plans/{made['id']}", {"name": "Small", "money_a_month": "1.50"}).json()
    assert (changed["tokens_a_month"], changed["money_a_month"]) == (None, "1.50")
    assert plan_budgets(acme) == {"money": ("Small (money)", Decimal("1.5"))}
    assert api.delete(f"/api/v1/platform/plans/{made['id']}").status_code == 409
    assert api.put("/api/v1/platform/tenants/acme/plan", {"plan": None}).status_code == 200
    assert api.delete(f"/api/v1/platform/plans/{made['id']}").status_code == 204
    assert [one["name"] for one in api.get("/api/v1/platform/plans").json()] == []


def test_in_the_platforms_administration(operator, acme):
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        client.force_login(operator)
    assert client.post("/admin/tenants/plan/add/", {"name": "Admin", "tokens_a_month": 9}).status_code == 302
    with public_context():
        plan = Plan.objects.get(name="Admin")
        domains = list(Tenant.objects.get(slug="acme").domains.values_list("pk", flat=True))
    form = {"name": "Acme Ltd", "plan": str(plan.pk), "domains-TOTAL_FORMS": 0, "domains-INITIAL_FORMS": 0}
    assert client.post(f"/admin/tenants/tenant/{acme.pk}/change/", form).status_code == 302 and domains
    assert plan_budgets(acme) == {"tokens": ("Admin (tokens)", 9)}
    with public_context():
        told = AuditEvent.objects.get(action="plan.given")
    assert (told.before, told.after) == ({"plan": None}, {"plan": "Admin"})
