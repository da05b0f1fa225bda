"""The promises of docs/security.md, one module a row, run against the whole product by `make prove`."""
