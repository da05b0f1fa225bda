"""Metering calls (`ledger`), budgets and who may change them (`budgets`), what it all came to (`reports`)."""
