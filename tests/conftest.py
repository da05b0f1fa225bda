"""What every test may use: two tenants with people, clients on their hosts, a model played by a stand-in server."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.core import limits
from apps.core.caches import forget_here
from apps.core.tenancy import active_schema, public_context, tenant_context
from tests.standin.server import StandIn

PASSWORD = "correct horse battery"


def pytest_collection_modifyitems(items):
    """Browsers last: Playwright keeps an event loop running in this thread, which asyncio's own tests do not bear."""
    items.sort(key=lambda item: "browser" in item.keywords)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """Migrate the fresh database and provision the tenants of the suite, once."""
    from apps.accounts.services.members import create_user
    from apps.tenants.services import provision_tenant

    with django_db_blocker.unblock():
        call_command("build_embedding_model", verbosity=0)
        call_command("migrate_all", verbosity=0)
        for slug in ("acme", "globex"):
            tenant = provision_tenant(slug=slug, name=f"{slug.title()} Ltd")
            with tenant_context(tenant):
                create_user(email=f"admin@{slug}.example", name="Ada Admin", password=PASSWORD, role="owner")
                create_user(email=f"member@{slug}.example", name="Mo Member", password=PASSWORD)
        with public_context():
            assert connection.features.supports_transactions
        connection.close()
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()


@pytest.fixture(scope="session", autouse=True)
def constraints_are_checked_in_public():
    """Django's test case checks deferred constraints after each test, outside any tenant; the statement names no schema."""
    from apps.core.database.base import DatabaseWrapper

    original = DatabaseWrapper.check_constraints

    def check_in_public(self, table_names=None):
        with public_context():
            original(self, table_names)

    DatabaseWrapper.check_constraints = check_in_public
    yield
    DatabaseWrapper.check_constraints = original


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Real connections and commits, for what a test's own transaction would hide; leave nothing behind."""
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch):
    """Limits count in Redis, which no transaction rolls back, and no window of theirs ends within a test; caches keep what a test's transaction took back."""
    now = time.time()
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: now))
    yield
    forget_here()
    with public_context():
        cache.clear()


@pytest.fixture(autouse=True)
def nothing_active():
    """A test begins and ends without a tenant."""
    assert active_schema() is None
    yield
    assert active_schema() is None


def _tenant(slug):
    from apps.tenants.models import Tenant

    with public_context():
        return Tenant.objects.get(slug=slug)


@pytest.fixture
def acme(db):
    return _tenant("acme")


@pytest.fixture
def globex(db):
    return _tenant("globex")


@pytest.fixture
def in_acme(acme):
    with tenant_context(acme):
        yield acme


def _user(tenant, login):
    from apps.accounts.models import User

    with tenant_context(tenant):
        return User.objects.get(email=f"{login}@{tenant.slug}.example")


@pytest.fixture
def member(acme):
    return _user(acme, "member")


@pytest.fixture
def admin_user(acme):
    return _user(acme, "admin")


@pytest.fixture
def outsider(globex):
    return _user(globex, "member")


def client_for(tenant, user=None):
    client = Client(HTTP_HOST=f"{tenant.slug}.localhost", raise_request_exception=True)
    if user is not None:
        with tenant_context(tenant):
            client.force_login(user)
    return client


@pytest.fixture
def visitor(acme):
    return client_for(acme)


@pytest.fixture
def member_client(acme, member):
    return client_for(acme, member)


@pytest.fixture
def admin_client(acme, admin_user):
    return client_for(acme, admin_user)


@pytest.fixture
def outsider_client(globex, outsider):
    return client_for(globex, outsider)


def token_for(tenant, user):
    from apps.accounts.tokens import RefreshToken

    with tenant_context(tenant):
        return str(RefreshToken.for_user(user).access_token)


def api_for(tenant, user):
    return APIClient(HTTP_HOST=f"{tenant.slug}.localhost", HTTP_AUTHORIZATION=f"Bearer {token_for(tenant, user)}")


@pytest.fixture
def api(acme, member):
    return api_for(acme, member)


@pytest.fixture
def outsider_api(globex, outsider):
    return api_for(globex, outsider)


@pytest.fixture
def base(in_acme):
    from apps.knowledge.models import KnowledgeBase

    return KnowledgeBase.objects.get()


@pytest.fixture
def agent(in_acme):
    from apps.agents.models import Agent

    return Agent.objects.get()


@pytest.fixture(scope="session")
def standin():
    with StandIn() as server:
        yield server


@pytest.fixture
def scripted(agent, standin):
    """The agent on a model of the stand-in server; the fixture's value takes the scripts."""
    from apps.providers.models import Provider, ProviderModel

    standin.reset()
    provider = Provider.objects.create(name="Stand-in", kind="openai_compatible", base_url=standin.url)
    agent.model = ProviderModel.objects.create(provider=provider, name="scripted")
    agent.save()
    return standin


@pytest.fixture
def work():
    """Do the queued jobs here and now, outside any tenant, as a worker does."""
    from apps.jobs.worker import drain

    def run(queue):
        with tenant_context(None):
            return drain(queue)

    return run


@pytest.fixture
def work_on(work, django_capture_on_commit_callbacks):
    """Work until nothing is due, with what each commit sets off."""

    def run():
        done = 1
        while done:
            with django_capture_on_commit_callbacks(execute=True):
                done = work("agents")

    return run


@pytest.fixture
def receiver():
    """A real web server that keeps the requests it gets; `status` is what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((dict(self.headers), body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 204
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
