"""The blueprints that exist."""

import re

from apps.agents.blueprints.base import Blueprint

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_blueprints: dict[str, Blueprint] = {}


def is_key(text: str) -> bool:
    """Say whether a text can be the key of a blueprint."""
    return _KEY.fullmatch(text) is not None


def add_blueprint(blueprint: Blueprint) -> None:
    """Make a blueprint known. Raises ValueError for one that cannot work: a key that is taken, no steps, two of one name, no instructions."""
    keys = [step.key for step in blueprint.steps]
    names = [variable.name for variable in blueprint.asks]
    if not is_key(blueprint.key) or blueprint.key in _blueprints:
        raise ValueError(f"{blueprint.key} is no key of a blueprint, or is taken.")
    if not keys or len(set(keys)) < len(keys) or len(set(names)) < len(names):
        raise ValueError(f"The blueprint {blueprint.key} has no steps, or two steps or variables of one name.")
    if not (blueprint.folder / "prompts" / "instructions.md").is_file():
        raise ValueError(f"The blueprint {blueprint.key} has no prompts/instructions.md.")
    _blueprints[blueprint.key] = blueprint


def drop_blueprint(key: str) -> None:
    """Make a blueprint unknown again, as when its package is taken out."""
    _blueprints.pop(key, None)


def blueprint_named(key: str) -> Blueprint | None:
    """Return a blueprint; None when it is gone."""
    return _blueprints.get(key)


def all_blueprints() -> list[Blueprint]:
    """Return every blueprint, by title."""
    return sorted(_blueprints.values(), key=lambda blueprint: str(blueprint.title))
