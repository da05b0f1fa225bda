"""What a blueprint is (`base`), and which there are (`registry`): the port for work that is written down in code."""

from apps.agents.blueprints.base import Agenda, Blueprint, Desk, Duty, Earlier, Step, StepFailed, Typed

__all__ = ["Agenda", "Blueprint", "Desk", "Duty", "Earlier", "Step", "StepFailed", "Typed"]
