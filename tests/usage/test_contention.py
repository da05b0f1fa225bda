"""Budgets under real connections and commits."""

import threading
from decimal import Decimal

from django.db import connection

from apps.core.tenancy import tenant_context
from apps.providers.models import Provider, ProviderModel
from apps.providers.types import Usage
from apps.usage.errors import BudgetSpent
from apps.usage.models import Budget, BudgetPeriod, Price
from apps.usage.services import ledger
from apps.usage.types import Call
from tests.conftest import _tenant


def test_many_at_once_never_take_more_than_there_is(committed):
    """Real connections and commits: 40 threads reserve 0.10 of a budget of 1.00."""
    acme = _tenant("acme")
    with tenant_context(acme):
        provider = Provider.objects.create(name="Many", kind="openai_compatible", base_url="http://127.0.0.1:9/v1")
        model = ProviderModel.objects.create(provider=provider, name="many")
        Price.objects.create(model=model, input=1, output=2)
        held = Budget.objects.create(name="Many", limit=Decimal("1.00"))
    taken, refused, broken = [], [], []

    def take(number):
        with tenant_context(acme):
            try:
                ledger.reserve(Call(f"many-{number}", f"many-{number}", model, None), Usage(100_000, 0))
                taken.append(number)
            except BudgetSpent:
                refused.append(number)
            except Exception as error:
                broken.append(error)
            finally:
                connection.close()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(40)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert broken == []
        with tenant_context(acme):
            assert (len(taken), len(refused), BudgetPeriod.objects.get().reserved) == (10, 30, Decimal("1.0"))
    finally:
        with tenant_context(acme):
            held.delete()
            provider.delete()
