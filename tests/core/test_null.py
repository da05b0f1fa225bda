"""A NUL in an address: PostgreSQL knows no such text, so it is refused before anything looks for it."""

import pytest

PAGES = ["/members/", "/audit/", "/chat/", "/search/", "/agents/", "/runs/", "/api/v1/users/", "/api/v1/conversations/"]


@pytest.mark.parametrize("address", PAGES)
def test_nul_in_a_query_is_a_400_with_a_sentence(address, admin_client):
    answer = admin_client.get(f"{address}?q=%00")
    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()


def test_nul_in_a_form_breaks_nothing(member_client, admin_client, base, in_acme):
    asked = member_client.post("/access/ask/", {"path": "/members/", "note": "a\0b"})
    ended = admin_client.post(f"/knowledge/{base.pk}/sharing/end/", {"to": "a\0@acme.example"})
    made = admin_client.post("/knowledge/", {"name": "Plans\0"})
    assert (asked.status_code, ended.status_code) == (200, 422)
    assert made.status_code < 500


def test_nul_in_a_path_is_a_400(admin_client, in_acme):
    assert admin_client.get("/invitation/%00/").status_code == 400


def test_api_clients_get_a_problem_detail(api):
    answer = api.get("/api/v1/users/?q=%00")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400
    assert api.get("/api/v1/nothing").json()["title"] == "Not found"
