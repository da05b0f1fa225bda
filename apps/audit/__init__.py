"""The record of who did what: append-only rows in each schema."""
