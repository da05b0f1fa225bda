import pytest

from apps.accounts.services import members
from apps.providers.models import Provider, ProviderModel
from apps.usage.models import Price
from tests.conftest import PASSWORD


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def auditor(in_acme):
    return members.create_user(email="aud@acme.example", name="Aud", password=PASSWORD, role="auditor")


@pytest.fixture
def model(in_acme):
    """A model that costs 1 dollar for a million tokens in and 2 out."""
    provider = Provider.objects.create(name="Priced", kind="openai_compatible", base_url="http://127.0.0.1:9/v1")
    found = ProviderModel.objects.create(provider=provider, name="m")
    Price.objects.create(model=found, input=1, output=2)
    return found
