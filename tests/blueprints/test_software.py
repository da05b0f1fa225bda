"""The documentation of a repository: from an archive, from GitHub and GitLab, and with a model that makes things up."""

import io
import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import Agent, ToolGrant
from apps.agents.services import files, form_runs, studio
from apps.blueprints.software.code import Module, Use, is_test
from apps.blueprints.software.documentation import graph
from apps.blueprints.software.documentation.manifests import said_in
from apps.core.paper import as_docx, as_pdf
from apps.core.paper.types import Paper
from apps.integrations.services import connections as services
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.knowledge.test_code import by_ast
from tests.standin.places import COMMIT, Outside
from tests.standin.server import says

DOCUMENTATION = blueprint_named("code_documentation")
SAMPLE = DOCUMENTATION.folder / "samples" / "library.zip"


def packed(texts):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return data.getvalue()


@pytest.fixture
def documented(in_acme, admin_user, member, work):
    """Return a function that has a repository documented, from an archive or by what the form takes."""

    def start(data=None, model=None, tools=(), **values):
        agent = studio.save_agent(
            actor=admin_user, values={"name": f"Scribe {Agent.objects.count()}"}, blueprint=DOCUMENTATION
        )
        if model is not None:
            agent.model = model
            agent.save()
        for tool in tools:
            ToolGrant.objects.create(agent=agent, tool=tool)
        if data is not None:
            values["archive"] = str(files.keep_file(actor=member, upload=SimpleUploadedFile("library.zip", data)).pk)
        run = form_runs.start_form_run(actor=member, agent=agent, given=values)
        work("agents")
        return finished(run)

    return start


@pytest.mark.django_db
def test_sample_is_documented_as_it_is(documented):
    run = documented(SAMPLE.read_bytes())
    assert run.state == "succeeded", run.error
    found = run.result
    assert [part["name"] for part in found["architecture"]["parts"]] == [
        "catalogue",
        "cli",
        "days",
        "fees",
        "lending",
        "loans",
    ]
    uses = {part["name"]: part["uses"] for part in found["architecture"]["parts"]}
    assert uses["loans"] == ["catalogue", "days", "fees"] and uses["cli"] == ["fees"] and uses["days"] == []
    assert found["architecture"]["cycles"] == []
    assert [(p["name"], p["files"], p["versions"]) for p in found["architecture"]["packages"]] == [("click", 1, ">=8")]
    assert found["reading"]["tests"] == ["tests/test_fees.py"]
    public = [each for module in found["reading"]["modules"] for each in module["definitions"] if each["is_public"]]
    described = [each for each in public if each["doc"]]
    assert found["architecture"]["public"] == len(public) == 20
    assert found["architecture"]["documented"] == {"value": "90.0", "how": f"{len(described)} / 20"}
    assert "```mermaid" in run.answer and "`def fee(kind: str, days: int) -> int` (line 7)" in run.answer
    for line in (
        "# lending",
        "pip install .",
        "make test # run the tests",
        "lend",
        "- Python >=3.10",
        "- click >=8",
        "## Licence\n\nMIT",
    ):
        assert line in found["readme"], line


@pytest.mark.django_db
@pytest.mark.parametrize("package", ["rest_framework", "django_celery_beat", "channels"])
def test_public_code_is_documented_whole(documented, package):
    """Packages that others wrote: each public class and function is in the reference, each import among its modules in the picture's table."""
    root = Path(find_spec(package).origin).parent
    texts = {str(path.relative_to(root.parent)): path.read_text() for path in sorted(root.rglob("*.py"))}
    run = documented(packed(texts))
    assert run.state == "succeeded", run.error
    modules = {module["path"]: module for module in run.result["reading"]["modules"]}
    assert {path for path in texts if not is_test(path)} == set(modules)
    for path, module in modules.items():
        names = sorted((each["name"], each["line"]) for each in module["definitions"])
        assert names == sorted((name, line) for name, line, _doc in by_ast(texts[path]))
    if package == "rest_framework":
        assert "### rest\\_framework/serializers.py" in run.answer or "### rest_framework/serializers.py" in run.answer
        assert any("ModelSerializer" in line and "class" in line for line in run.answer.split("\n"))
        uses = {part["name"]: part["uses"] for part in run.result["architecture"]["parts"]}
        assert {"fields", "relations"} <= set(uses["serializers"]) and "serializers" in uses["schemas"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_repository_is_fetched_at_its_commit(documented, in_acme, admin_user, settings, kind):
    with zipfile.ZipFile(SAMPLE) as archive:
        texts = {name.removeprefix("library/"): archive.read(name) for name in archive.namelist()}
    outside = Outside()
    outside.files, outside.token = texts | {"node_modules/x.js": b"x"}, "glpat-x"
    settings.TOOL_PRIVATE_HOSTS = frozenset({outside.host})
    about = {"kind": kind, "name": "Code", "source_url": outside.url, "auth": "bearer"}
    connection = services.connect(actor=admin_user, values=about, secret="glpat-x")
    chosen = {"list_files": "read", "read_files": "read"}
    services.set_operations(actor=admin_user, connection=connection, chosen=chosen)
    tools = ("code_list_files", "code_read_files")
    run = documented(repository="acme/handbook", tools=tools)
    assert run.state == "succeeded", run.error
    assert run.result["reading"]["commit"] == COMMIT and COMMIT in run.answer
    by_archive = documented(SAMPLE.read_bytes()).result
    assert run.result["architecture"] == by_archive["architecture"]
    folder = documented(repository="acme/handbook", folder="lending", branch="main", tools=tools)
    assert all(m["path"].startswith("lending/") for m in folder.result["reading"]["modules"])
    outside.close()
    assert not any("node_modules" in path for path, _headers in outside.asked)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "values", "words"),
    [
        (None, {}, "Give the repository as ZIP"),
        (None, {"repository": "acme/handbook"}, "has no GitHub or GitLab"),
        (packed({"a.txt": "no code"}), {}, "no code in it"),
        (b"PK\x03\x04 broken", {}, "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(documented, data, values, words):
    run = documented(data, **values)
    assert run.state == "failed" and words in run.error


@pytest.mark.django_db
def test_what_a_model_makes_up_is_left_out(scripted, documented):
    said = {
        "about": [
            "It lends books through `Desk`.",
            "It has 4711 users.",
            "Everything begins in `lending.magic`.",
        ],
        "parts": [
            {"part": "fees", "does": "Reckons with `fee` what is owed."},
            {"part": "days", "does": "Calls `holidays_of` of the state."},
            {"part": "payments", "does": "Takes money."},
        ],
    }
    scripted.script(says(json.dumps(said)))
    run = documented(SAMPLE.read_bytes(), model=ProviderModel.objects.get(name="scripted"))
    assert run.result["overview"] == {"about": [said["about"][0]], "parts": [said["parts"][0]]}
    assert "4711" not in run.answer and "magic" not in run.answer and "Takes money" not in run.answer
    assert "It lends books through `Desk`." in run.result["readme"]
    assert "What was found" not in run.answer and "class Desk" not in scripted.asked[0].question


@pytest.mark.django_db
def test_result_goes_on_paper_with_its_picture(documented):
    run = documented(SAMPLE.read_bytes())
    paper = Paper("Documentation", "Acme", run.answer)
    assert as_pdf(paper).startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(as_docx(paper))) as written:
        assert any(name.startswith("word/media/") for name in written.namelist())
        assert "loans → fees" in written.read("word/document.xml").decode()


def module(path, language, *imports):
    used = [
        Use(module=each, names=[]) if isinstance(each, str) else Use(module=each[0], names=list(each[1]))
        for each in imports
    ]
    return Module(path=path, language=language, doc="", lines=1, has_faults=False, imports=used, definitions=[])


@pytest.mark.parametrize(
    ("paths", "path", "used", "found"),
    [
        (["src/shop/a.py", "src/shop/b.py"], "src/shop/a.py", ("shop", ["b"]), {"src/shop/b.py"}),
        (
            ["shop/__init__.py", "shop/a.py", "shop/b.py"],
            "shop/a.py",
            (".", ["b", "c"]),
            {"shop/b.py", "shop/__init__.py"},
        ),
        (
            ["shop/__init__.py", "shop/x/__init__.py", "shop/x/a.py", "shop/b.py"],
            "shop/x/a.py",
            ("..b", ["c"]),
            {"shop/b.py"},
        ),
        (["shop/__init__.py", "shop/a.py"], "shop/a.py", "json", set()),
        (["web/a.ts", "web/lib/index.ts"], "web/a.ts", "./lib", {"web/lib/index.ts"}),
        (["web/a.ts", "web/b.tsx"], "web/a.ts", "./b.js", {"web/b.tsx"}),
        (["src/a.ts", "src/x/b.ts"], "src/a.ts", "@/x/b", {"src/x/b.ts"}),
        (["src/a.ts"], "src/a.ts", "react", set()),
        (
            ["m/src/main/java/a/B.java", "m/src/main/java/a/C.java"],
            "m/src/main/java/a/B.java",
            "a.C",
            {"m/src/main/java/a/C.java"},
        ),
        (
            ["m/src/main/java/a/B.java", "m/src/main/java/x/C.java"],
            "m/src/main/java/a/B.java",
            "x",
            {"m/src/main/java/x/C.java"},
        ),
        (["main.go", "store/a.go", "store/b.go"], "main.go", "example.org/shop/store", {"store/a.go", "store/b.go"}),
        (["main.go", "store/a.go"], "main.go", "example.org/other/store", set()),
    ],
)
def test_imports_are_looked_up(paths, path, used, found):
    languages = {"py": "Python", "ts": "TypeScript", "tsx": "TypeScript", "java": "Java", "go": "Go"}
    modules = [module(each, languages[each.rpartition(".")[2]], *([used] if each == path else [])) for each in paths]
    uses, _outside = graph.uses_of(modules, "example.org/shop")
    assert uses[path] == found


def test_what_is_its_own_is_not_from_outside():
    modules = [
        module("shop/__init__.py", "Python"),
        module("shop/a.py", "Python", "shop.left_out", "requests.auth", "json"),
    ]
    _uses, outside = graph.uses_of(modules)
    assert set(outside) == {"requests", "json"}


def test_circles_are_found():
    modules = [module("p/__init__.py", "Python"), module("p/a.py", "Python", "p.b"), module("p/b.py", "Python", "p.c"), module("p/c.py", "Python", "p.a", "p.d"), module("p/d.py", "Python")]  # fmt: skip
    uses, _outside = graph.uses_of(modules)
    parts, cycles = graph.parts_of(modules, uses)
    assert cycles == [["a", "b", "c"]] and [part.name for part in parts] == ["a", "b", "c", "d", "p"]


def test_what_a_repository_says_of_itself():
    said = said_in(
        {
            "package.json": json.dumps({"name": "shop", "description": "A shop.", "version": "2.0.1", "license": "ISC", "engines": {"node": ">=20"}, "scripts": {"build": "tsc"}, "dependencies": {"react": "^19"}}),
            "go.mod": "module example.org/shop\n\ngo 1.23\n\nrequire (\n\tgithub.com/a/b v1.2.3\n)\n",
            "pom.xml": "<project xmlns='x'><artifactId>shop-j</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></project>",
            "requirements.txt": "flask>=3 # web\n-r other.txt\nrequests[socks]==2.32\n",
            "LICENSE": "MIT License\n\nCopyright",
            "README.md": "# Shop\n\n![badge](x)\n\nA shop for people who read a lot of books.\n",
            "sub/pyproject.toml": "this is = not [toml",
        }
    )  # fmt: skip
    assert (said.name, said.about, said.version, said.needs) == ("shop", "A shop.", "2.0.1", "Node.js >=20")
    assert said.readme == "A shop for people who read a lot of books."
    assert {(each.name, each.versions) for each in said.dependencies} == {
        ("react", "^19"),
        ("github.com/a/b", "v1.2.3"),
        ("g:a", "1"),
        ("flask", ">=3"),
        ("requests", "==2.32"),
    }
    assert [each.command for each in said.commands] == ["npm run build"]
