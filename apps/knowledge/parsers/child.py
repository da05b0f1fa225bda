"""The child process: reads one file from standard input, writes its blocks as JSON. Never imported by the product."""

import importlib
import json
import sys

MODULES = {
    "pdf": "pdf",
    "docx": "word",
    "pptx": "slides",
    "xlsx": "spreadsheet",
    "csv": "spreadsheet",
    "markdown": "plain",
    "text": "plain",
    "html": "web",
    "json": "records",
    "xml": "markup",
    "mail": "mail",
    "image": "picture",
}


def main() -> None:
    root, kind = sys.argv[1:3]
    sys.path.insert(0, f"{root}/apps/knowledge/parsers/formats")
    try:
        data = sys.stdin.buffer.read()
        blocks = importlib.import_module(f"{MODULES[kind]}").read(data, kind)
        answer = {"blocks": blocks}
    except MemoryError:
        answer = {"error": "too_large"}
    except PermissionError:
        answer = {"error": "encrypted"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
