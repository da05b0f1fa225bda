"""One module a format, each `read(data, kind) -> list of {text, headings, page, is_table}`; run in the child alone."""
