"""Code is read by its syntax, in every language that is named; archives are unpacked without harm."""

import ast
import io
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.parsers import CODE_SUFFIXES, outline_code, parse_file, read_archive, sniff
from apps.knowledge.parsers.formats import code_outline
from apps.knowledge.types import SourceFile
from tests.peaks import peak_of_readers

PYTHON = '''"""Doc of the file."""
import os, sys as s
from . import x
from ..a.b import (c as d, e)
try:
    import fast
except ImportError:
    fast = None
@deco(1)
class A(Base):
    """A doc."""
    def m(self, a: int = 1) -> str:
        """M doc."""
    @property
    def _p(self): ...
    class In:
        def z(self): pass
async def f(
    a, *,
    b: "dict[str, int]" = {}) -> None:
    def inner(): pass
'''
SCRIPT = """/** What the file is. */

import a, {b} from './x.js';
const y = require("../y");
export * from "./z";
/**
 * Adds.
 * @param {number} a
 */
export function add(a, b) { return a + b; }
// Hidden
function hidden() {}
export class Foo extends Bar {
  /** m doc */
  m(x) { }
  #p() {}
}
export const arrow = async (a, b = 2) => { return 1 };
const other = function() {};
export { other };
"""
TYPED = """export interface P { a: number; m(x: string): void }
export type T = string | number;
export abstract class C<T> implements P {
  private q(): void {}
  static async run<T>(x: T): Promise<T> { return x }
}
"""
JAVA = """package a.b;
import java.util.List;
import static a.C.d;
import a.x.*;
/** Class doc. */
@Deprecated
public class A<T> extends B implements C {
  /** M. */
  public List<String> m(int a, String... b) throws X { return null; }
  private void q() {}
  interface I { void go(); }
}
"""
GO = """// Package doc.
package main

import (
  x "a/b/c"
  "os"
)

// T is.
type T struct {
  A int
}

// M does.
func (t *T[K]) M(a int, b ...string) (int, error) { return 1, nil }
func priv() {}
"""
EXPECTED = {
    "a.py": (
        "Doc of the file.",
        [("os", ()), ("sys", ()), (".", ("x",)), ("..a.b", ("c", "e")), ("fast", ())],
        [
            ("A", "@deco(1) class A(Base)", "A doc.", True),
            ("A.m", "def m(self, a: int = 1) -> str", "M doc.", True),
            ("A._p", "@property def _p(self)", "", False),
            ("A.In", "class In", "", True),
            ("A.In.z", "def z(self)", "", True),
            ("f", 'async def f( a, *, b: "dict[str, int]" = {}) -> None', "", True),
        ],
    ),
    "a.js": (
        "What the file is.",
        [("./x.js", ()), ("../y", ()), ("./z", ())],
        [
            ("add", "export function add(a, b)", "Adds.\n@param {number} a", True),
            ("hidden", "function hidden()", "Hidden", False),
            ("Foo", "export class Foo extends Bar", "", True),
            ("Foo.m", "m(x)", "m doc", True),
            ("Foo.#p", "#p()", "", False),
            ("arrow", "export const arrow = async (a, b = 2)", "", True),
            ("other", "const other = function()", "", True),
        ],
    ),
    "a.ts": (
        "",
        [],
        [
            ("P", "export interface P", "", True),
            ("P.m", "m(x: string): void", "", True),
            ("T", "export type T = string | number", "", True),
            ("C", "export abstract class C<T> implements P", "", True),
            ("C.q", "private q(): void", "", False),
            ("C.run", "static async run<T>(x: T): Promise<T>", "", True),
        ],
    ),
    "a.java": (
        "",
        [("java.util.List", ()), ("a.C.d", ()), ("a.x", ())],
        [
            ("A", "@Deprecated public class A<T> extends B implements C", "Class doc.", True),
            ("A.m", "public List<String> m(int a, String... b) throws X", "M.", True),
            ("A.q", "private void q()", "", False),
            ("A.I", "interface I", "", False),
            ("A.I.go", "void go()", "", False),
        ],
    ),
    "a.go": (
        "Package doc.",
        [("a/b/c", ()), ("os", ())],
        [
            ("T", "type T struct", "T is.", True),
            ("T.M", "func (t *T[K]) M(a int, b ...string) (int, error)", "M does.", True),
            ("priv", "func priv()", "", False),
        ],
    ),
}
TEXTS = {"a.py": PYTHON, "a.js": SCRIPT, "a.ts": TYPED, "a.java": JAVA, "a.go": GO}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_what_is_defined_and_imported_is_read(name):
    (found,) = outline_code([SourceFile(name, TEXTS[name])])
    doc, imports, definitions = EXPECTED[name]
    assert found.doc == doc and not found.has_faults
    assert [(each.module, each.names) for each in found.imports] == imports
    assert [(each.name, each.signature, each.doc, each.is_public) for each in found.definitions] == definitions


def test_suffixes_that_are_named_are_those_that_are_read():
    assert frozenset(code_outline.LANGUAGES) == CODE_SUFFIXES


def by_ast(text):
    """What Python itself says is defined outside functions: (name, line, first line of what is written of it)."""

    def walk(nodes, around):
        for node in nodes:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node) or ""
                yield ".".join((*around, node.name)), node.lineno, doc.strip().split("\n")[0]
                if isinstance(node, ast.ClassDef):
                    yield from walk(node.body, (*around, node.name))
            elif isinstance(node, ast.If | ast.Try):
                inner = [*node.body, *node.orelse, *(n for h in getattr(node, "handlers", ()) for n in h.body)]
                yield from walk(inner, around)

    return sorted(walk(ast.parse(text).body, ()))


@pytest.mark.parametrize("package", ["django.db.models", "rest_framework", "celery", "channels", "httpx"])
def test_public_code_is_read_as_python_reads_it(package):
    """Code that others wrote, from the packages that are installed here: every class and function, its line, the beginning of its docstring."""
    root = Path(find_spec(package).origin).parent
    files = [SourceFile(str(path.relative_to(root)), path.read_text()) for path in sorted(root.rglob("*.py"))]
    found = {each.path: each for each in outline_code(files)}
    assert len(found) == len(files) > 5
    count = 0
    for file in files:
        read = [(each.name, each.line, each.doc.strip().split("\n")[0]) for each in found[file.path].definitions]
        expected = by_ast(file.text)
        assert sorted((name, line) for name, line, _doc in read) == [(name, line) for name, line, _doc in expected], (
            file.path
        )
        plain = [(name, line, doc) for name, line, doc in expected if "\\" not in doc]
        assert set(plain) <= set(read), (file.path, set(plain) - set(read))
        count += len(read)
    assert count > 50


def packed(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def unpack(tmp_path, data):
    path = tmp_path / "stored"
    path.write_bytes(data)
    return read_archive(path)


def test_archive_gives_its_own_texts_without_the_folder_around(tmp_path):
    files = {
        "repo-3f1c/README.md": "# Tool",
        "repo-3f1c/tool/main.py": "x = 'ü'",
        "repo-3f1c/node_modules/left/pad.js": "brought",
        "repo-3f1c/logo.png": b"\x89PNG\0\0",
        "repo-3f1c/latin.py": "x = 'ü'".encode("latin-1"),
        "repo-3f1c/large.py": "#" * (600 << 10),
        "../outside.py": "x",
        "/absolute.py": "x",
    }
    found, left_out = unpack(tmp_path, packed(files))
    assert [(file.path, file.text) for file in found] == [("README.md", "# Tool"), ("tool/main.py", "x = 'ü'")]
    assert left_out == ["large.py"]


def test_a_package_alone_keeps_its_name(tmp_path):
    found, _left = unpack(tmp_path, packed({"tool/__init__.py": "", "tool/main.py": "x = 1"}))
    assert [file.path for file in found] == ["tool/__init__.py", "tool/main.py"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 and nothing more", "corrupt"),
        (packed({f"{n}.py": "" for n in range(5_001)}), "bomb"),
        (packed({"a.py": b"\0" * (40 << 20)}), "bomb"),
    ],
)
def test_hostile_archives_have_a_reason(tmp_path, data, code):
    with pytest.raises(UnreadableDocument) as caught:
        unpack(tmp_path, data)
    assert caught.value.code == code


def test_hostile_code_is_read_within_the_limits():
    nested = SourceFile("nested.py", "(" * 200_000)
    classes = SourceFile("classes.py", "".join(f"{' ' * n}class A{n}:\n" for n in range(2_000)))
    wide = SourceFile("wide.js", "function f(){}\n" * 20_000)
    with peak_of_readers(os.getpid()) as peak:
        found = outline_code([nested, classes, wide])
    assert [each.has_faults for each in found][:1] == [True]
    assert len(found[2].definitions) == 20_000
    assert 0 < peak.bytes < 600_000_000


def test_archives_are_for_forms_alone(tmp_path):
    head = packed({"a.py": "x"})[:4096]
    assert sniff("a.zip", head, in_form=True) == "archive"
    with pytest.raises(UnreadableDocument):
        sniff("a.zip", head)
    (tmp_path / "stored").write_bytes(packed({"a.py": "x"}))
    with pytest.raises(UnreadableDocument, match="Unpack it"):
        parse_file(tmp_path / "stored", "archive")
