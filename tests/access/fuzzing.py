"""Requests that schemathesis makes up from the API's description, and what is wrong with their answers."""

import re
from collections import Counter
from dataclasses import dataclass, field

import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from apps.core.tenancy import public_context, tenant_context
from tests.access.routes import ROUTES
from tests.access.test_matrix import address

load_all_checks()
HELD_TO = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
STREAMED = "/api/v1/runs/{id}/events"  # asked over ASGI, by R6


@schemathesis.serializer("application/offset+octet-stream")
def _octets(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@dataclass
class Faults:
    """What was found: {operation: the first failure}, and how many requests got which status."""

    found: dict = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)


def operations_of(document):
    """Return every operation of the description, to be asked within this process."""
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    return [found.ok() for found in schema.get_all_operations() if found.ok().path != STREAMED]


def known_addresses(path, ids):
    """Return the values of a path's parameters with which it names objects that exist."""
    pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(path)) + "$")
    asked = [r for r in ROUTES if r.name.startswith("api-") and len(r.keys) == pattern.groups]
    tried = (pattern.match(address(route, ids)) for route in asked)
    return [found.groupdict() for found in tried if found]


def ask(operation, faults, ids, *, times, token):
    """Send requests to one operation: half of what it allows, half of what it forbids, most of them about known objects."""
    known = known_addresses(operation.path, ids)
    addresses = st.sampled_from(known * 4 + [None]) if known else st.none()
    made = st.tuples(st.sampled_from(MODES), addresses).flatmap(
        lambda chosen: operation.as_strategy(chosen[0], path_parameters=chosen[1])
    )

    @settings(
        max_examples=times,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=made)
    def send(case):
        with public_context(), transaction.atomic():
            with tenant_context(None):
                _try(case, faults, token)
            transaction.set_rollback(True)

    send()


def _try(case, faults, token):
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    response = case.call(base_url="http://acme.localhost", headers=headers)
    faults.statuses[response.status_code] += 1
    is_told = response.status_code == 503 and "retry-after" in response.headers  # a provider that is away
    if response.status_code >= 500 and not is_told:
        faults.found.setdefault(f"{case.operation.label}: {response.status_code}", case.as_curl_command())
    try:
        case.validate_response(response, checks=HELD_TO)
    except FailureGroup as group:
        for failure in group.exceptions:
            name = f"{case.operation.label}: {failure.title}"
            faults.found.setdefault(name, f"{failure.message}\n{case.as_curl_command()}\n{response.text[:500]}")
