"""Blueprints for tenders: what is asked for, and what is answered."""
