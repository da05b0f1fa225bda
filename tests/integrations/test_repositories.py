"""Files of repositories through GitHub and GitLab, against a server that answers as they do."""

import pytest

from apps.agents.registry import known_tools
from apps.core.errors import InvalidInput
from apps.integrations import repositories
from apps.integrations.services import connections as services
from apps.integrations.errors import CallFailed
from tests.standin.places import COMMIT, Outside

pytestmark = pytest.mark.django_db
TOKEN = "glpat-of-the-tests"  # noqa: S105
FILES = {
    "README.md": b"# Tool\n",
    "src/tool/__init__.py": b'"""A tool."""\n',
    "src/tool/main.py": "def run() -> str:\n    return 'ü'\n".encode(),
    "logo.png": b"\x89PNG\r\n\x1a\n\0\0",
    "large.py": b"#" * (600 << 10),
}


@pytest.fixture
def outside(settings):
    running = Outside()
    running.files, running.token = dict(FILES), TOKEN
    settings.TOOL_PRIVATE_HOSTS = frozenset({running.host})
    yield running
    running.close()


@pytest.fixture(params=["github", "gitlab"])
def connection(request, outside, in_acme, admin_user):
    about = {"kind": request.param, "name": "Code", "source_url": outside.url, "auth": "bearer"}
    row = services.connect(actor=admin_user, values=about, secret=TOKEN)
    services.set_operations(actor=admin_user, connection=row, chosen={"list_files": "read", "read_files": "read"})
    return row


def call(connection, operation, **arguments):
    about = {"repository": "acme/handbook"} | arguments
    return repositories.call(connection.operations.get(key=operation), about, idempotency_key="k")


def test_files_are_listed_at_a_commit(connection):
    told = call(connection, "list_files")
    assert sorted(each["path"] for each in told["files"]) == sorted(FILES)
    assert told["commit"] == COMMIT and told["is_cut"] is False
    assert known_tools()["code_list_files"].risk == "read" and "code_read_files" in known_tools()


def test_texts_are_read_and_the_rest_is_named(connection, outside):
    told = call(connection, "read_files", paths=sorted(FILES), branch=COMMIT)
    assert {each["path"]: each["text"] for each in told["files"]} == {
        name: FILES[name].decode() for name in ("README.md", "src/tool/__init__.py", "src/tool/main.py")
    }
    assert sorted(told["left_out"]) == ["large.py", "logo.png"]
    assert all(f"ref={COMMIT}" in path for path, _headers in outside.asked if "README" in path)


def test_what_is_not_there_is_said(connection):
    with pytest.raises(CallFailed, match="answered 404"):
        call(connection, "read_files", paths=["nothing.py"])


@pytest.mark.parametrize("path", ["../secrets", "a//b", "src/./x.py", ""])
def test_no_path_leads_out_of_the_repository(connection, path):
    with pytest.raises(CallFailed, match="no path of a file"):
        call(connection, "read_files", paths=[path])


@pytest.mark.parametrize("name", ["..", "a/..", "", "/"])
def test_no_name_leads_out_of_the_repositories(connection, name):
    with pytest.raises(CallFailed, match="named"):
        call(connection, "list_files", repository=name)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_wrong_token_is_said_when_it_is_connected(kind, outside, in_acme, admin_user):
    with pytest.raises(InvalidInput, match="answered 401"):
        services.connect(
            actor=admin_user, values={"kind": kind, "source_url": outside.url, "auth": "bearer"}, secret="other"
        )


def test_an_address_without_a_repository_server_is_refused(outside, in_acme, admin_user):
    outside.status["/meta"] = 404
    with pytest.raises(InvalidInput, match="404"):
        services.connect(actor=admin_user, values={"kind": "github", "source_url": outside.url})
