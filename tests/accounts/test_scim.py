"""SCIM 2.0: a directory keeps people and groups, as Entra ID, Okta and Keycloak speak it."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.roles import group_for
from apps.accounts.services import keys, members
from apps.audit.models import AuditEvent
from tests.conftest import api_for

TYPE = "application/scim+json"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Directory:
    """A client with a key of the scope `scim`."""

    def __init__(self, tenant, actor):
        account = keys.make_service_account(actor=actor, name="Directory", roles=[group_for("admin")])
        self.key = keys.make_key(actor=actor, name="SCIM", scopes=["scim"], account=account)
        self.client = APIClient(
            HTTP_HOST=f"{tenant.slug}.localhost", HTTP_AUTHORIZATION=f"Bearer {self.key.text}", HTTP_ACCEPT=TYPE
        )

    def ask(self, method, path, body=None, **headers):
        import json

        kwargs = {"data": json.dumps(body), "content_type": TYPE} if body is not None else {}
        return getattr(self.client, method)(f"/scim/v2/{path}", **kwargs, headers=headers)

    def get(self, path, **headers):
        return self.ask("get", path, **headers)

    def add(self, login="kim", **values):
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"{login}@acme.example"} | values
        return self.ask("post", "Users", body)

    def patch(self, path, *operations, **headers):
        return self.ask("patch", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


@pytest.fixture
def directory(in_acme, admin_user):
    return Directory(in_acme, admin_user)


def test_a_person_is_provisioned(directory):
    made = directory.add(
        externalId="00u1",
        name={"givenName": "Kim", "familyName": "Doe"},
        emails=[{"value": "kim@acme.example"}],
        title="Engineer",
        active=True,
        password="ignored and not a password",
    )
    assert made.status_code == 201, made.json()
    assert made["Content-Type"] == TYPE
    assert made["Location"] == made.json()["meta"]["location"]
    shown = directory.get(f"Users/{made.json()['id']}").json()
    assert (shown["userName"], shown["displayName"], shown["externalId"]) == ("kim@acme.example", "Kim Doe", "00u1")
    kim = User.objects.get(email="kim@acme.example")
    assert not kim.has_usable_password()
    assert [group.role.key for group in kim.groups.all()] == ["member"]
    assert AuditEvent.objects.get(action="scim.person_added").actor_name == "Directory"


def test_an_address_is_there_once(directory, member):
    again = directory.ask("post", "Users", {"userName": member.email.upper()})
    assert (again.status_code, again.json()["scimType"], again.json()["status"]) == (409, "uniqueness", "409")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('userName eq "member@acme.example"', 1),
        ('userName Eq "MEMBER@acme.example"', 1),
        ('userName sw "member"', 1),
        ('emails.value co "acme"', 2),
        ('active eq true and userName co "admin"', 1),
        ('userName eq "nobody@acme.example" or displayName co "Mo"', 1),
        ('not (userName sw "member")', 1),
        ('externalId eq "x"', 0),
        ('id eq "nonsense"', 0),
        ('id eq "5"', 0),
        ('id gt "5"', 0),
        ('active eq "perhaps"', 0),
    ],
)
def test_filters(text, count, directory):
    answer = directory.client.get("/scim/v2/Users", {"filter": text})
    assert (answer.status_code, answer.json()["totalResults"]) == (200, count), answer.json()


@pytest.mark.parametrize(
    "text", ["userName eq", 'shoe eq "43"', 'shoe eq "43" and userName pr', "(((", "§", 'userName xx "a"']
)
def test_filters_that_are_none(text, directory):
    answer = directory.client.get("/scim/v2/Users", {"filter": text})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_paging(directory):
    for number in range(5):
        directory.add(f"p{number}")
    whole = directory.get("Users?count=200").json()
    pages = [directory.get(f"Users?startIndex={start}&count=3").json() for start in (1, 4, 7)]
    assert whole["totalResults"] == 7
    assert [page["itemsPerPage"] for page in pages] == [3, 3, 1]
    assert [u["id"] for page in pages for u in page["Resources"]] == [u["id"] for u in whole["Resources"]]
    assert directory.get("Users?count=0").json()["Resources"] == []
    assert directory.get("Users?count=x").status_code == 400


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
    ],
    ids=["okta", "entra", "without a path"],
)
def test_deactivation_takes_effect_at_once_everywhere(operation, directory, acme, member, member_client, api):
    assert member_client.get("/").status_code == api.get("/api/v1/auth/me").status_code == 200
    answer = directory.patch(f"Users/{member.pk}", operation)
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert member_client.get("/").status_code == 302
    assert api.get("/api/v1/auth/me").status_code == 401
    assert AuditEvent.objects.filter(action="member.suspended", target_id=str(member.pk)).exists()
    directory.patch(f"Users/{member.pk}", {"op": "replace", "path": "active", "value": True})
    member.refresh_from_db()
    assert member.is_active


def test_patch_of_names(directory, member):
    answer = directory.patch(
        f"Users/{member.pk}",
        {"op": "replace", "path": "name.familyName", "value": "Neumann"},
        {"op": "add", "path": "externalId", "value": "e-7"},
        {"op": "add", "path": 'phoneNumbers[type eq "work"].value', "value": "+49 30 1"},
        {
            "op": "replace",
            "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "value": "IT",
        },
    )
    assert answer.json()["displayName"] == "Mo Neumann"
    assert answer.json()["externalId"] == "e-7"


@pytest.mark.parametrize(
    ("operations", "kind"),
    [
        ([], "invalidSyntax"),
        ([{"op": "move", "path": "active"}], "invalidSyntax"),
        ([{"op": "replace", "path": "shoes", "value": 43}], "invalidPath"),
        ([{"op": "replace", "path": "a b", "value": 1}], "invalidPath"),
        ([{"op": "replace", "path": "active", "value": "perhaps"}], "invalidValue"),
        ([{"op": "replace", "path": "userName", "value": "no address"}], "invalidValue"),
        ([{"op": "replace", "value": "x"}], "noTarget"),
        (["x"], "invalidSyntax"),
    ],
)
def test_changes_that_are_none_change_nothing(operations, kind, directory, member):
    answer = (
        directory.patch(f"Users/{member.pk}", {"op": "replace", "path": "displayName", "value": "X"}, *operations)
        if operations
        else directory.patch(f"Users/{member.pk}")
    )
    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)
    member.refresh_from_db()
    assert member.name == "Mo Member"


def test_put_replaces(directory, member):
    body = {"userName": "mo@acme.example", "displayName": "Mo M", "active": False, "externalId": "7"}
    answer = directory.ask("put", f"Users/{member.pk}", body)
    assert answer.status_code == 200
    member.refresh_from_db()
    assert (member.email, member.name, member.is_active, member.external_id) == ("mo@acme.example", "Mo M", False, "7")
    assert directory.ask("put", f"Users/{member.pk}", {"displayName": "x"}).status_code == 400


def test_a_removed_person_is_gone_and_can_come_back(directory, member):
    assert directory.ask("delete", f"Users/{member.pk}").status_code == 204
    assert directory.get(f"Users/{member.pk}").status_code == 404
    member.refresh_from_db()
    assert not member.is_active
    back = directory.ask("post", "Users", {"userName": member.email, "displayName": "Mo again"})
    assert (back.status_code, back.json()["id"]) == (201, str(member.pk))
    member.refresh_from_db()
    assert member.is_active


def test_etags(directory, member):
    shown = directory.get(f"Users/{member.pk}")
    version = shown["ETag"]
    assert version == shown.json()["meta"]["version"] and version.startswith('W/"')
    assert directory.get(f"Users/{member.pk}", **{"If-None-Match": version}).status_code == 304
    change = {"op": "replace", "path": "displayName", "value": "Mona"}
    assert directory.patch(f"Users/{member.pk}", change, **{"If-Match": version}).status_code == 200
    late = directory.patch(f"Users/{member.pk}", change, **{"If-Match": version})
    assert late.status_code == 412
    assert directory.ask("delete", f"Users/{member.pk}", **{"If-Match": version}).status_code == 412


def test_nobody_above_the_key_is_touched(directory, admin_user, acme):
    for answer in (
        directory.patch(f"Users/{admin_user.pk}", {"op": "replace", "path": "active", "value": False}),
        directory.patch(f"Users/{admin_user.pk}", {"op": "replace", "path": "userName", "value": "me@evil.example"}),
        directory.ask("delete", f"Users/{admin_user.pk}"),
    ):
        assert answer.status_code == 403
    admin_user.refresh_from_db()
    assert (admin_user.is_active, admin_user.email) == (True, "admin@acme.example")


def test_only_keys_of_the_scope_come_in(directory, acme, globex, admin_user):
    assert api_for(acme, admin_user).get("/scim/v2/Users").status_code == 403
    assert APIClient(HTTP_HOST="acme.localhost").get("/scim/v2/Users").status_code == 401
    other = keys.make_key(actor=admin_user, name="x", scopes=["members:read", "members:write"])
    narrow = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {other.text}")
    assert narrow.get("/scim/v2/Users").status_code == 403
    assert directory.client.get("/api/v1/users/", HTTP_ACCEPT="application/json").status_code == 403
    directory.client.defaults["HTTP_HOST"] = "globex.localhost"
    assert directory.get("Users").status_code == 401


def test_keys_of_members_provision_nobody(acme, member, in_acme):
    made = keys.make_key(actor=member, name="x", scopes=["scim"])
    client = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {made.text}")
    assert client.get("/scim/v2/Users").status_code == 403


# -- groups ------------------------------------------------------------------------------------------------------


def test_groups(directory, member, admin_user):
    body = {"displayName": "Finance", "externalId": "g1", "members": [{"value": str(member.pk)}]}
    made = directory.ask("post", "Groups", body)
    assert made.status_code == 201
    address = f"Groups/{made.json()['id']}"
    assert [m["value"] for m in made.json()["members"]] == [str(member.pk)]
    assert directory.client.get("/scim/v2/Groups", {"filter": 'displayName eq "finance"'}).json()["totalResults"] == 1
    assert directory.client.get("/scim/v2/Groups", {"filter": 'externalId eq "g1"'}).json()["totalResults"] == 1
    assert directory.get(f"Users/{member.pk}").json()["groups"] == [{"value": made.json()["id"], "display": "Finance"}]
    both = directory.patch(address, {"op": "add", "path": "members", "value": [{"value": str(admin_user.pk)}]})
    assert len(both.json()["members"]) == 2
    one = directory.patch(address, {"op": "remove", "path": f'members[value eq "{member.pk}"]'})
    assert [m["value"] for m in one.json()["members"]] == [str(admin_user.pk)]
    renamed = directory.patch(address, {"op": "replace", "value": {"displayName": "Money", "id": made.json()["id"]}})
    assert renamed.json()["displayName"] == "Money" and renamed.json()["externalId"] == "g1"
    none = directory.patch(address, {"op": "remove", "path": "members"})
    assert none.json()["members"] == []
    assert directory.ask("post", "Groups", {"displayName": "money"}).status_code == 409
    assert directory.ask("put", address, {"displayName": "Cash", "members": []}).json()["displayName"] == "Cash"
    assert directory.ask("delete", address).status_code == 204
    assert directory.get(address).status_code == 404


@pytest.mark.parametrize(
    "text", ['id eq "x"', 'members eq "5"', 'members.value eq "x"', 'id eq "99999999999999999999"']
)
def test_filters_of_groups_that_find_nothing(text, directory):
    assert directory.client.get("/scim/v2/Groups", {"filter": text}).json()["totalResults"] == 0


def test_roles_are_out_of_the_directorys_reach(directory):
    owner = group_for("owner")
    assert directory.get(f"Groups/{owner.pk}").status_code == 404
    assert directory.patch(f"Groups/{owner.pk}", {"op": "remove", "path": "members"}).status_code == 404
    assert directory.get("Groups").json()["totalResults"] == 0
    assert directory.ask("post", "Groups", {"displayName": "Owner"}).status_code == 409


@pytest.mark.parametrize("value", ["nobody", "00000000-0000-4000-8000-000000000000", "1"])
def test_members_that_are_nobody(value, directory):
    answer = directory.ask("post", "Groups", {"displayName": "X", "members": [{"value": value}]})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


def test_groups_keep_suspended_people(directory, member, admin_user):
    made = directory.ask("post", "Groups", {"displayName": "F", "members": [{"value": str(member.pk)}]})
    members.suspend(actor=admin_user, user=member)
    renamed = directory.patch(f"Groups/{made.json()['id']}", {"op": "replace", "path": "displayName", "value": "G"})
    assert [m["value"] for m in renamed.json()["members"]] == [str(member.pk)]


# -- discovery ---------------------------------------------------------------------------------------------------


def test_it_describes_itself(directory):
    config = directory.get("ServiceProviderConfig").json()
    assert config["patch"]["supported"] and config["filter"]["supported"] and config["etag"]["supported"]
    assert [t["endpoint"] for t in directory.get("ResourceTypes").json()["Resources"]] == ["/Users", "/Groups"]
    assert directory.get("ResourceTypes/User").json()["schema"].endswith(":User")
    assert directory.get("ResourceTypes/Shoe").status_code == 404
    urns = [schema["id"] for schema in directory.get("Schemas").json()["Resources"]]
    assert all(directory.get(f"Schemas/{urn}").json()["id"] == urn for urn in urns)


def test_broken_bodies(directory):
    for body in ("{", "[]", '"x"', ""):
        answer = directory.client.post("/scim/v2/Users", body, content_type=TYPE)
        assert answer.status_code == 400, body
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
