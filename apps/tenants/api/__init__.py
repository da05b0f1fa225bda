"""Organisations for operators (`platform`), and an organisation's settings (`company`)."""
