"""The backend fails closed: no tenant, no query; and no statement undone by PostgreSQL leaves us in another schema."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import DatabaseError, ProgrammingError, connection, transaction

from apps.accounts.models import User
from apps.core.errors import NoActiveTenant
from apps.core.tenancy import PUBLIC, current_tenant, public_context, scoped, tenant_context
from apps.tenants.models import Tenant


def search_path():
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return [part.strip(' "') for part in cursor.fetchone()[0].split(",")]


@pytest.mark.django_db
def test_query_without_tenant_is_refused():
    with pytest.raises(NoActiveTenant):
        User.objects.count()


def test_search_path_of_a_tenant_holds_no_public(in_acme):
    assert search_path() == ["t_acme", "extensions"]


def test_public_table_is_out_of_reach_of_a_tenant(in_acme):
    with pytest.raises(ProgrammingError), transaction.atomic():
        Tenant.objects.count()


def test_missing_tenant_table_is_an_error_and_not_publics(acme):
    with tenant_context(acme), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM jobs_job")


def test_each_tenant_sees_its_own_people(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert {u.email.split("@")[1] for u in User.objects.all()} == {f"{tenant.slug}.example"}


@pytest.mark.usefixtures("committed")
def test_rollback_does_not_leave_another_tenants_path():
    acme, globex = _both()
    with tenant_context(acme):
        assert search_path()[0] == "t_acme"
    with tenant_context(globex):
        with transaction.atomic():
            assert search_path()[0] == "t_globex"
            transaction.set_rollback(True)
        assert search_path()[0] == "t_globex"
    with tenant_context(acme):
        assert search_path()[0] == "t_acme"


@pytest.mark.usefixtures("committed")
def test_savepoint_rollback_does_not_leave_another_tenants_path():
    acme, globex = _both()
    with transaction.atomic():
        with tenant_context(acme):
            assert search_path()[0] == "t_acme"
        with tenant_context(globex):
            with pytest.raises(ValueError), transaction.atomic():
                assert search_path()[0] == "t_globex"
                raise ValueError
            assert search_path()[0] == "t_globex"
        with tenant_context(acme):
            assert search_path()[0] == "t_acme"


@pytest.mark.usefixtures("committed")
def test_connection_from_the_pool_starts_without_a_path():
    acme, globex = _both()
    for _ in range(10):
        for tenant in (acme, globex):
            with tenant_context(tenant):
                assert User.objects.filter(email__endswith=f"{tenant.slug}.example").count() == 2
                assert search_path()[0] == tenant.schema_name
            connection.close()


@pytest.mark.usefixtures("committed")
def test_interleaved_coroutines_stay_in_their_tenants():
    tenants = _both()

    def emails():
        return {email.split("@")[1] for email in User.objects.values_list("email", flat=True)}

    async def visit(tenant):
        wrong = 0
        with tenant_context(tenant):
            for _ in range(30):
                wrong += await sync_to_async(emails)() != {f"{tenant.slug}.example"}
                await asyncio.sleep(0)
        return wrong

    async def both():
        return await asyncio.gather(*(visit(tenants[n % 2]) for n in range(8)))

    assert asyncio.run(both()) == [0] * 8


def test_new_thread_has_no_tenant(in_acme):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(_try_current()))
    thread.start()
    thread.join()
    assert seen == ["none"]


def _try_current():
    try:
        return current_tenant().slug
    except NoActiveTenant:
        return "none"


def test_cache_keys_do_not_cross(acme, globex):
    with tenant_context(acme):
        cache.set("k", "acme's", 30)
    with tenant_context(globex):
        assert cache.get("k") is None
    with pytest.raises(NoActiveTenant):
        cache.get("k")


def test_scoped_key_names_the_tenant(in_acme):
    assert scoped("run", 1) == "guildhall:t_acme:run:1"


def test_public_is_no_tenant(db):
    with public_context(), pytest.raises(NoActiveTenant):
        current_tenant()
    assert PUBLIC.schema_name == "public"


def _both():
    with public_context():
        return [Tenant.objects.get(slug=slug) for slug in ("acme", "globex")]
