"""The worker side of a run: a turn at it (`turn`) asks models (`asking`) and uses tools (`tools`), as the loop (`looping`) or a blueprint (`following`)
says.

Each step is stored when it is finished, so a run survives its worker at any of them.
"""

from apps.agents.runs.handler import Runs

__all__ = ["Runs"]
