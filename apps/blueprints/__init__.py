"""Blueprints that ship: a folder each, by family. `manage.py start_blueprint` makes a new one."""
