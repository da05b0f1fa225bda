"""Bodies of JSON with numbers that could be neither stored nor answered."""

import pytest

from tests.conftest import api_for

pytestmark = pytest.mark.django_db
TRY = "/api/v1/config/agents/python-tools/try"


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "9" * 5_000, "1e400", "NaN", "-Infinity"]
)
def test_what_nothing_can_keep_is_no_json(acme, admin_user, number):
    body = f'{{"code": "def run(): return 1", "arguments": {{"x": {number}}}}}'
    answer = api_for(acme, admin_user).post(TRY, body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["type"].endswith("parse_error")


@pytest.mark.parametrize("number", ["18446744073709551615", "-9223372036854775808", "-1.5e300", "0"])
def test_what_can_be_kept_is_taken(acme, admin_user, number):
    body = f'{{"code": "", "arguments": {{"x": {number}}}}}'
    answer = api_for(acme, admin_user).post(TRY, body, content_type="application/json")
    assert answer.status_code == 422


def test_depth_without_end_is_no_fault(acme, admin_user):
    answer = api_for(acme, admin_user).post(TRY, "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["type"].endswith("parse_error")
