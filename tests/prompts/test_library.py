"""Prompts, versions and labels by service, page and API."""

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from apps.accounts.services import members
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.prompts import registry
from apps.prompts.models import Prompt, PromptVersion
from apps.prompts.services import library
from apps.prompts.types import Use, Variable
from tests.conftest import PASSWORD, api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def prompt(admin):
    return library.create_prompt(actor=admin, name="Offers", text="Write about {{ product }}.")


@pytest.fixture
def follower(monkeypatch):
    """Something that uses every prompt by a label, with these values; a test changes them."""
    values = {"product": "wind"}
    use = lambda prompt: [Use("Seller", "/x", "production", None, values)]  # noqa: E731
    monkeypatch.setattr(registry, "_finders", [use])
    return values


def test_first_version_is_the_draft(prompt):
    label = prompt.labels.get()
    assert (label.name, label.version.number) == ("draft", 1)
    assert label.version.variables == [Variable("product")]


def test_a_version_never_changes(prompt):
    version = prompt.versions.get()
    for changed in ({"text": "Other"}, {"number": 7}, {"declared": []}, {"note": "x"}):
        with pytest.raises(ProgrammingError, match="never change"), transaction.atomic():
            PromptVersion.objects.filter(pk=version.pk).update(**changed)
    PromptVersion.objects.filter(pk=version.pk).update(written_by=None)  # who wrote it may leave


def test_new_version_takes_the_draft_label_and_one_that_says_the_same_is_refused(prompt, admin):
    second = library.add_version(actor=admin, prompt=prompt, text="Sell {{ product }}.", note="Shorter")
    label = prompt.labels.get(name="draft")
    assert (second.number, label.version, label.former.number) == (2, second, 1)
    with pytest.raises(Conflict):
        library.add_version(actor=admin, prompt=prompt, text="Sell {{ product }}.\n")
    assert prompt.versions.count() == 2


def test_label_moves_and_rolls_back(prompt, admin):
    first = prompt.versions.get()
    second = library.add_version(actor=admin, prompt=prompt, text="Sell {{ product }}.")
    label = library.set_label(actor=admin, prompt=prompt, name="Production", version=first)
    with pytest.raises(Conflict):
        library.roll_back(actor=admin, label=label)
    label = library.set_label(actor=admin, prompt=prompt, name="production", version=second)
    assert library.roll_back(actor=admin, label=label).version == first
    assert library.roll_back(actor=admin, label=label).version == second  # and forward again
    told = AuditEvent.objects.filter(action="prompt.rolled_back").values_list("after", flat=True)
    assert sorted(one["version"] for one in told) == [1, 2]


@pytest.mark.parametrize("name", ["", "two words", "x" * 41, "ä"])
def test_label_that_is_no_word(prompt, admin, name):
    with pytest.raises(InvalidInput):
        library.set_label(actor=admin, prompt=prompt, name=name, version=prompt.versions.get())


def test_label_does_not_move_to_what_its_followers_cannot_fill_in(prompt, admin, follower):
    library.set_label(actor=admin, prompt=prompt, name="production", version=prompt.versions.get())
    more = library.add_version(actor=admin, prompt=prompt, text="{{ product }} for {{ customer }}")
    with pytest.raises(Conflict, match="Seller"):
        library.set_label(actor=admin, prompt=prompt, name="production", version=more)
    follower["customer"] = "Norrvik"
    assert library.set_label(actor=admin, prompt=prompt, name="production", version=more).version == more


def test_what_is_used_stays(prompt, admin, follower):
    label = library.set_label(actor=admin, prompt=prompt, name="production", version=prompt.versions.get())
    for remove in (
        lambda: library.remove_prompt(actor=admin, prompt=prompt),
        lambda: library.remove_label(actor=admin, label=label),
    ):
        with pytest.raises(Conflict, match="Seller"):
            remove()
    registry._finders.clear()
    library.remove_label(actor=admin, label=label)
    library.remove_prompt(actor=admin, prompt=prompt)
    assert not Prompt.objects.exists()


def test_name_is_there_once_and_a_member_writes_none(prompt, admin, member):
    with pytest.raises(Conflict), transaction.atomic():
        library.create_prompt(actor=admin, name="Offers ", text="x")
    with pytest.raises(Forbidden):
        library.create_prompt(actor=member, name="Mine", text="x")
    other = library.create_prompt(actor=admin, name="Other", text="x")
    with pytest.raises(Conflict):
        library.describe_prompt(actor=admin, prompt=other, name="Offers", description="")


def test_two_versions_at_once_get_two_numbers(prompt):
    with pytest.raises(IntegrityError), transaction.atomic():
        PromptVersion.objects.create(prompt=prompt, number=1, text="x")


# -- pages ---------------------------------------------------------------------------------------------------------


def test_written_on_the_page_with_its_variables(admin, admin_client):
    body = {"name": "Mail", "description": "d", "text": "Dear {{ name }}, {{ tone }}", "note": ""}
    part = admin_client.post("/prompts/variables/", body, headers={"HX-Request": "true"}).content.decode()
    assert 'name="var-name-kind"' in part and 'name="var-tone-kind"' in part
    body |= {
        "var-tone-kind": "choice",
        "var-tone-choices": "warm",
        "var-name-kind": "text",
        "var-name-is_required": "on",
    }
    refused = admin_client.post("/prompts/new/", body)
    assert refused.status_code == 422 and "two choices" in refused.content.decode()
    saved = admin_client.post("/prompts/new/", body | {"var-tone-choices": "warm, plain", "var-tone-default": "warm"})
    assert saved.status_code == 302
    version = Prompt.objects.get(name="Mail").versions.get()
    assert version.variables == [
        Variable("name"),
        Variable("tone", "choice", default="warm", is_required=False, choices=("warm", "plain")),
    ]
    page = admin_client.get(saved.url).content.decode()
    assert "Dear {{ name }}" in page and "without a value: warm" in page


def test_page_of_a_version_keeps_what_was_declared(prompt, admin, admin_client):
    library.add_version(
        actor=admin, prompt=prompt, text="{{ n }}", variables=[Variable("n", "number", "How many", "3", True)]
    )
    page = admin_client.get(f"/prompts/{prompt.pk}/versions/").content.decode()
    assert 'value="How many"' in page and '<option value="number" selected>' in page
    sent = admin_client.post(f"/prompts/{prompt.pk}/versions/", {"text": "{{ n }} pieces", "note": "Words"})
    assert sent.status_code == 302 and prompt.versions.first().variables == [
        Variable("n", "number", "How many", "3", True)
    ]


def test_compared_labelled_and_rolled_back_on_the_page(prompt, admin, admin_client):
    library.add_version(actor=admin, prompt=prompt, text="Sell {{ product }}.")
    page = admin_client.get(f"/prompts/{prompt.pk}/compare/").content.decode()
    assert "<del" in page and "Write about {{ product }}." in page and "<ins" in page
    for version in ("1", "2"):
        admin_client.post(f"/prompts/{prompt.pk}/labels/", {"label": "production", "version": version})
    label = prompt.labels.get(name="production")
    assert label.version.number == 2
    admin_client.post(f"/prompts/labels/{label.pk}/back/")
    label.refresh_from_db()
    assert label.version.number == 1
    assert admin_client.get("/prompts/?q=offers").content.decode().count("<bdi>production</bdi> 1") == 1
    assert "No prompt matches" in admin_client.get("/prompts/?q=nothing").content.decode()
    for number in ("9", "x", "-1", "9" * 12, "²"):
        assert admin_client.get(f"/prompts/{prompt.pk}/?version={number}").status_code == 200


def test_list_asks_the_same_number_of_questions_however_long(admin, admin_client):
    def count():
        from django.test.utils import CaptureQueriesContext
        from django.db import connection

        with CaptureQueriesContext(connection) as seen:
            assert admin_client.get("/prompts/").status_code == 200
        return len(seen)

    library.create_prompt(actor=admin, name="P0", text="x")
    count()  # what the first visit of a person stores
    few = min(count(), count())
    for n in range(1, 20):
        library.create_prompt(actor=admin, name=f"P{n}", text="x")
    assert min(count(), count()) == few  # a visit is noted once a minute: one of the two may be


def test_auditor_reads_and_changes_nothing(prompt, acme):
    auditor = members.create_user(email="aud@acme.example", name="Aud", password=PASSWORD, role="auditor")
    client = client_for(acme, auditor)
    page = client.get(f"/prompts/{prompt.pk}/")
    assert page.status_code == 200 and "New version" not in page.content.decode()
    assert client.post(f"/prompts/{prompt.pk}/remove/").status_code == 403


# -- API -----------------------------------------------------------------------------------------------------------


def test_by_api(acme, admin):
    api = api_for(acme, admin)
    body = {"name": "Mail", "text": "Dear {{ name }}", "variables": [{"name": "name", "default": "Sir"}]}
    made = api.post("/api/v1/prompts/", body)
    assert made.status_code == 201 and made.json()["labels"][0]["version"] == 1
    path = f"/api/v1/prompts/{made.json()['id']}"
    assert api.post("/api/v1/prompts/", body).status_code == 409
    wrong = api.post(f"{path}/versions", {"text": "x", "variables": [{"name": "y"}]})
    assert wrong.status_code == 422 and "variables" in wrong.json()["errors"]
    assert api.post(f"{path}/versions", {"text": "Hello {{ name }}", "note": "Warmer"}).json()["number"] == 2
    assert [v["number"] for v in api.get(f"{path}/versions").json()["results"]] == [2, 1]
    lines = api.get(f"{path}/compare?before=1&after=2").json()
    assert [line["kind"] for line in lines] == ["removed", "added"]
    assert api.put(f"{path}/labels/production", {"version": 1}).json()["version"] == 1
    assert api.put(f"{path}/labels/production", {"version": 2}).json()["former"] == 1
    assert api.post(f"{path}/labels/production/back").json()["version"] == 1
    assert api.put(f"{path}/labels/production", {"version": 9}).status_code == 404
    filled = api.post(f"{path}/render", {"version": 1})
    assert filled.json() == {"version": 1, "text": "Dear Sir"}
    missing = api.post(f"{path}/render", {"version": 2})
    assert missing.status_code == 422 and missing.json()["errors"] == {"values.name": ["Fill in “name”."]}
    assert api.patch(path, {"description": "For mail"}).json()["description"] == "For mail"
    assert api.delete(f"{path}/labels/production").status_code == 204
    assert api.delete(path).status_code == 204
