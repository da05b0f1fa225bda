"""Reads a tender: its requirements with page and obligation, its deadlines and its criteria."""
