"""Blueprints for people who hire: screening of résumés."""
