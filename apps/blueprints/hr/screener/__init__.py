"""Screens résumés against weighted criteria, without knowing whose they are."""
