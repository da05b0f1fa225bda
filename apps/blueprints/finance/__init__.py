"""Blueprints for finance: invoices, and figures in tables."""
