"""Source code: what a file defines and imports, read from its syntax tree. Runs in the child process alone.

The grammars are tree-sitter's (https://tree-sitter.github.io), which read files with faults too and say that there are some. Nothing is run.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

from tree_sitter import Language, Node, Parser

MOST_DOC_CHARS, MOST_SIGNATURE_CHARS, MOST_DEPTH = 4_000, 600, 60


@dataclass(frozen=True)
class Grammar:
    """What a language calls things: its grammar (module, function), the nodes that define, those that are passed through, and comments."""

    module: str
    function: str
    classes: frozenset[str]
    functions: frozenset[str]
    through: frozenset[str]
    imports: frozenset[str]
    comments: frozenset[str] = frozenset({"comment"})


_SCRIPT = {
    "classes": frozenset(
        {
            *("class_declaration", "abstract_class_declaration", "interface_declaration"),
            *("enum_declaration", "type_alias_declaration"),
        }
    ),
    "functions": frozenset({"function_declaration", "generator_function_declaration", "method_definition", "method_signature", "abstract_method_signature", "variable_declarator"}),
    "through": frozenset({"export_statement", "lexical_declaration", "variable_declaration", "class_body", "interface_body", "ambient_declaration", "internal_module", "module", "statement_block"}),
    "imports": frozenset({"import_statement", "export_statement", "lexical_declaration", "variable_declaration"}),
}  # fmt: skip
GRAMMARS = {
    "Python": Grammar("tree_sitter_python", "language", frozenset({"class_definition"}), frozenset({"function_definition"}), frozenset({"decorated_definition", "block", "if_statement", "try_statement", "elif_clause", "else_clause", "except_clause", "finally_clause", "with_statement"}), frozenset({"import_statement", "import_from_statement"})),
    "JavaScript": Grammar("tree_sitter_javascript", "language", **_SCRIPT),
    "TypeScript": Grammar("tree_sitter_typescript", "language_typescript", **_SCRIPT),
    "TSX": Grammar("tree_sitter_typescript", "language_tsx", **_SCRIPT),
    "Java": Grammar("tree_sitter_java", "language", frozenset({"class_declaration", "interface_declaration", "enum_declaration", "record_declaration", "annotation_type_declaration"}), frozenset({"method_declaration", "constructor_declaration"}), frozenset({"class_body", "interface_body", "enum_body", "enum_body_declarations", "record_declaration"}), frozenset({"import_declaration"}), frozenset({"block_comment", "line_comment"})),
    "Go": Grammar("tree_sitter_go", "language", frozenset({"type_spec", "type_alias"}), frozenset({"function_declaration", "method_declaration"}), frozenset({"type_declaration"}), frozenset({"import_declaration"})),
}  # fmt: skip
LANGUAGES = {
    ".py": "Python", ".pyi": "Python", ".js": "JavaScript", ".mjs": "JavaScript", ".cjs": "JavaScript", ".jsx": "JavaScript",
    ".ts": "TypeScript", ".mts": "TypeScript", ".cts": "TypeScript", ".tsx": "TSX", ".java": "Java", ".go": "Go",
}  # fmt: skip
_SCRIPTS = frozenset({"JavaScript", "TypeScript", "TSX"})


def language_of(path: str) -> str:
    """Return the language of a file by its name, "" for one that is not read here."""
    return LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")


def outline(path: str, text: str) -> dict[str, Any]:
    """Return what a file of code holds: `language`, `doc`, `lines`, `has_faults`, `imports` and `definitions`.

    An import is [module as it is written, names taken from it]. A definition has `name` (with those around it, by dots), `kind`
    ("class" or "function"), `signature`, `doc`, `line` and `end` from 1, and `is_public`.
    """
    language = language_of(path)
    grammar = GRAMMARS[language]
    root = _parser(language).parse(text.encode()).root_node
    reader = Reader(language, grammar)
    definitions = list(reader.definitions(root, (), is_public=True, depth=0))
    if language in _SCRIPTS:
        definitions = _exported(root, definitions)
    return {
        "language": "TypeScript" if language == "TSX" else language,
        "doc": reader.doc_of_file(root),
        "lines": text.count("\n") + (not text.endswith("\n") and bool(text)),
        "has_faults": root.has_error,
        "imports": list(reader.imports(root)),
        "definitions": definitions,
    }


@cache
def _parser(language: str) -> Parser:
    grammar = GRAMMARS[language]
    return Parser(Language(getattr(import_module(grammar.module), grammar.function)()))


@dataclass(frozen=True)
class Reader:
    """Reads the syntax tree of one language."""

    language: str
    grammar: Grammar

    def definitions(
        self, node: Node, around: tuple[str, ...], *, is_public: bool, depth: int
    ) -> Iterator[dict[str, Any]]:
        """Yield what is defined below a node, outside functions."""
        for child in node.named_children if depth < MOST_DEPTH else ():
            if child.type in self.grammar.classes | self.grammar.functions and self.defines(child):
                found = self.definition(child, around, is_public=is_public)
                yield found
                if child.type in self.grammar.classes:
                    inside = (*around, found["name"].rpartition(".")[2])
                    yield from self.definitions(child, inside, is_public=found["is_public"], depth=depth + 1)
            elif child.type in self.grammar.through:
                yield from self.definitions(child, around, is_public=is_public, depth=depth + 1)

    def defines(self, node: Node) -> bool:
        """Say whether a node defines something: a variable does where a function is put into it."""
        if node.child_by_field_name("name") is None:
            return False
        if node.type != "variable_declarator":
            return True
        value = node.child_by_field_name("value")
        return value is not None and value.type in ("arrow_function", "function_expression", "generator_function")

    def definition(self, node: Node, around: tuple[str, ...], *, is_public: bool) -> dict[str, Any]:
        name = _text(node.child_by_field_name("name"))
        receiver = node.child_by_field_name("receiver") if self.language == "Go" else None
        held = self.holder_of(receiver) if receiver is not None else around
        return {
            "name": ".".join((*held, name)),
            "kind": "class" if node.type in self.grammar.classes else "function",
            "signature": self.signature(node),
            "doc": self.doc(node),
            "line": node.start_point[0] + 1,
            "end": node.end_point[0] + 1,
            "is_public": is_public and self.is_public(node, name),
        }

    def holder_of(self, receiver: Node) -> tuple[str, ...]:
        """Return the type that a method of Go belongs to."""
        words = _text(receiver).strip("() ").replace("*", " ").split()
        return (words[-1].partition("[")[0],) if words else ()

    def is_public(self, node: Node, name: str) -> bool:
        if self.language == "Python":
            return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
        if self.language == "Go":
            return name[:1].isupper()
        if self.language == "Java":
            inside = node.parent is not None and node.parent.type == "interface_body"
            return inside or "public" in _text(next((c for c in node.children if c.type == "modifiers"), None)).split()
        return not name.startswith(("#", "_")) and not {"private", "protected"} & set(
            _text(node).split("(")[0].split()[:2]
        )

    def signature(self, node: Node) -> str:
        """Return the text of a definition up to its body, on one line."""
        outer = _outer(node)
        body = self.body_of(node)
        start, end = outer.start_byte, body.start_byte if body is not None else outer.end_byte
        text = " ".join((outer.text or b"")[: end - start].decode(errors="replace").split())
        return _opened(text)[:MOST_SIGNATURE_CHARS]

    def body_of(self, node: Node) -> Node | None:
        """Return where the body of a definition begins; None for what has none, as a type."""
        if node.type == "variable_declarator":
            value = node.child_by_field_name("value")
            return value.child_by_field_name("body") if value is not None else None
        if self.language == "Go" and node.type in ("type_spec", "type_alias"):
            kind = node.child_by_field_name("type")
            held = [] if kind is None else [c for c in kind.children if c.type in ("field_declaration_list", "{")]
            return held[0] if held else None
        return node.child_by_field_name("body")

    def doc(self, node: Node) -> str:
        """Return what is written of a definition: the string that begins it in Python, else the comments right above it."""
        if self.language == "Python":
            return _docstring(node.child_by_field_name("body"))
        return self.above(_outer(node))

    def above(self, node: Node) -> str:
        """Return the comments that stand right above a node."""
        found: list[str] = []
        below, before = node, node.prev_named_sibling
        while before is not None and before.type in self.grammar.comments:
            if below.start_point[0] - before.end_point[0] > 1:
                break
            found.insert(0, _text(before))
            below, before = before, before.prev_named_sibling
        return _uncommented("\n".join(found))

    def doc_of_file(self, root: Node) -> str:
        if self.language == "Python":
            return _docstring(root)
        first = next(iter(root.named_children), None)
        following = first.next_named_sibling if first is not None else None
        is_own = first is not None and first.type in self.grammar.comments
        is_apart = following is None or (first is not None and following.start_point[0] - first.end_point[0] > 1)
        is_package = following is not None and following.type in ("package_clause", "package_declaration")
        return _uncommented(_text(first)) if is_own and (is_apart or is_package) else ""

    def imports(self, root: Node) -> Iterator[list[Any]]:
        """Yield what a file imports at its top: [module as it is written, names taken from it]."""
        read = {"Python": self._imports_python, "Java": self._imports_java, "Go": self._imports_go}
        for node in root.named_children:
            if node.type in self.grammar.imports:
                yield from read.get(self.language, self._imports_script)(node)
            elif self.language == "Python" and node.type in self.grammar.through:
                yield from self.imports(node)

    def _imports_python(self, node: Node) -> Iterator[list[Any]]:
        names = [_text(_unaliased(child)) for child in node.children_by_field_name("name")]
        module = node.child_by_field_name("module_name")
        if module is not None:
            yield [_text(module), names]
        else:
            yield from ([name, []] for name in names)

    def _imports_script(self, node: Node) -> Iterator[list[Any]]:
        source = node.child_by_field_name("source")
        if source is not None:
            yield [_text(source).strip("'\"`"), []]
            return
        for child in node.named_children:
            value = child.child_by_field_name("value") if child.type == "variable_declarator" else None
            called = value.child_by_field_name("function") if value is not None else None
            if value is not None and _text(called) == "require":
                yield [_text(value.child_by_field_name("arguments")).strip("()'\"` "), []]

    def _imports_java(self, node: Node) -> Iterator[list[Any]]:
        words = _text(node).rstrip(";").split()
        yield [words[-1].removesuffix(".*"), []]

    def _imports_go(self, node: Node) -> Iterator[list[Any]]:
        for spec in _below(node, "import_spec"):
            yield [_text(spec.child_by_field_name("path")).strip('"`'), []]


def _exported(root: Node, definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hold those for public alone that a module exports, where it says what it exports."""
    exports = [node for node in root.named_children if node.type == "export_statement"]
    if not exports:
        return definitions
    spans = [(node.start_point[0] + 1, node.end_point[0] + 1) for node in exports]
    named = {_text(each.child_by_field_name("name")) for node in exports for each in _below(node, "export_specifier")}
    named |= {_text(node.child_by_field_name("value")) for node in exports}

    def is_exported(each: dict[str, Any]) -> bool:
        return each["name"].partition(".")[0] in named or any(
            first <= each["line"] and each["end"] <= last for first, last in spans
        )

    return [each | {"is_public": each["is_public"] and is_exported(each)} for each in definitions]


def _outer(node: Node) -> Node:
    """Return the node with what is written around it: decorators, `export`, `const`, `type`."""
    parent = node.parent
    while parent is not None and parent.type in (
        *("decorated_definition", "export_statement", "lexical_declaration"),
        *("variable_declaration", "type_declaration", "ambient_declaration"),
    ):
        if parent.type == "type_declaration" and len(parent.named_children) > 1:
            break
        node, parent = parent, parent.parent
    return node


def _opened(text: str) -> str:
    """Return a head without what opens its body."""
    text = text.strip()
    for end in ("=>", "{", ":", "="):
        text = text.removesuffix(end).rstrip()
    return text.removesuffix(";")


def _docstring(body: Node | None) -> str:
    children = [child for child in body.named_children if child.type != "comment"] if body is not None else []
    first = children[0] if children and children[0].type == "expression_statement" else None
    string = first.named_children[0] if first is not None and first.named_children else None
    if string is None or string.type != "string":
        return ""
    text = "".join(_text(part) for part in string.named_children if part.type == "string_content")
    return inspect.cleandoc(text)[:MOST_DOC_CHARS]


def _uncommented(text: str) -> str:
    """Return what a comment says, without the signs that make it one."""
    lines = [line.strip() for line in text.split("\n")]
    bare = [line.removeprefix("/**").removeprefix("/*").removesuffix("*/").strip() for line in lines]
    said = [line.removeprefix("///").removeprefix("//").removeprefix("*").strip() for line in bare]
    return "\n".join(said).strip()[:MOST_DOC_CHARS]


def _unaliased(node: Node) -> Node:
    return (node.child_by_field_name("name") or node) if node.type == "aliased_import" else node


def _below(node: Node, kind: str) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == kind:
            yield child
        else:
            yield from _below(child, kind)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node is not None else ""
