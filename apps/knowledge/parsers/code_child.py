"""The child process that reads code: the text files of an archive, or what files of code define. Never imported by the product."""

import importlib
import io
import json
import sys
import zipfile
from pathlib import PurePosixPath
from typing import Any

MOST_FILES, MOST_FILE_BYTES, MOST_BYTES = 3_000, 512 << 10, 16 << 20


def main() -> None:
    root, kind = sys.argv[1:3]
    sys.path.insert(0, f"{root}/apps/knowledge/parsers/formats")
    data = sys.stdin.buffer.read()
    try:
        answer = _unpacked(data) if kind == "archive" else _outlined(json.loads(data))
    except MemoryError:
        answer = {"error": "too_large"}
    except RuntimeError:  # zipfile's, for a password
        answer = {"error": "encrypted"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


def _unpacked(data: bytes) -> dict[str, Any]:
    """Return `files` as [path, text], and the paths of those `left_out` for their size; a folder around all of them is taken off."""
    brought = importlib.import_module("brought").BROUGHT
    found: list[list[str]] = []
    left_out, room = [], MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if _is_own(entry, brought)]
        for entry in sorted(entries, key=lambda entry: entry.filename):
            if len(found) >= MOST_FILES or entry.file_size > min(MOST_FILE_BYTES, room):
                left_out.append(entry.filename)
                continue
            text = _text(archive.read(entry))
            if text is not None:
                room -= entry.file_size
                found.append([entry.filename, text])
    around = _around([path for path, _text in found])
    return {
        "files": [[path.removeprefix(around), text] for path, text in found],
        "left_out": [path.removeprefix(around) for path in left_out],
    }


def _is_own(entry: zipfile.ZipInfo, brought: frozenset[str]) -> bool:
    path = PurePosixPath(entry.filename)
    is_inside = not path.is_absolute() and ".." not in path.parts and "\0" not in entry.filename
    return is_inside and not entry.is_dir() and not brought & set(path.parts)


def _text(data: bytes) -> str | None:
    """Return a file as text; None for what is none."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _around(paths: list[str]) -> str:
    """Return the folder that all lie in, with its slash; "" for none, and for one that is a package itself."""
    first = {path.partition("/")[0] for path in paths}
    folder = f"{first.pop()}/" if len(first) == 1 else ""
    is_package = f"{folder}__init__.py" in paths
    return "" if is_package or any("/" not in path for path in paths) else folder


def _outlined(files: list[list[str]]) -> dict[str, Any]:
    """Return `files` of code as {"path", and what formats.code_outline.outline says of it}."""
    code = importlib.import_module("code_outline")
    return {"files": [{"path": path, **code.outline(path, text)} for path, text in files if code.language_of(path)]}


if __name__ == "__main__":
    main()
