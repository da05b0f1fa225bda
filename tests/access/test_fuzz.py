"""Every operation of the REST API, as each role, with what its description allows and with what it forbids.

Each request meets all objects of the access matrix and is taken back after it. `make fuzz` sends 50,000.
"""

import json
import math
import os
from pathlib import Path

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.accounts.roles import SYSTEM_ROLES
from apps.core.tenancy import tenant_context
from tests.access.fuzzing import Faults, ask, operations_of
from tests.conftest import PASSWORD, token_for

LIMITS = dict.fromkeys(("user", "key", "address", "tenant", "chat"), 10**9)
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "0"))


@pytest.fixture(scope="module")
def operations():
    """Requests end without closing the connection that the objects stand on, as with Django's own test client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield operations_of(json.loads(DOCUMENT.read_text()))
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
@pytest.mark.parametrize("role", SYSTEM_ROLES)
def test_no_answer_is_a_fault_or_not_as_described(role, operations, objects, acme, settings):
    """In the suite each role asks a fifth of the operations twice; `make fuzz` has each ask all."""
    settings.RATE_LIMITS = LIMITS
    share = 1 if REQUESTS else len(SYSTEM_ROLES)
    mine = operations[list(SYSTEM_ROLES).index(role) % share :: share]
    times = math.ceil(REQUESTS / len(SYSTEM_ROLES) / len(operations)) or 2
    with tenant_context(acme):
        from apps.accounts.services.members import create_user

        person = create_user(email=f"{role}@fuzz.example", name=role.title(), password=PASSWORD, role=role)
    faults = Faults()
    for operation in mine:
        ask(operation, faults, objects, times=times, token=token_for(acme, person))
    print(f"{role}: {faults.statuses.total()} requests, answered {dict(sorted(faults.statuses.items()))}")
    report = "\n\n".join(f"{name}\n{what}" for name, what in sorted(faults.found.items()))
    assert not faults.found, report
