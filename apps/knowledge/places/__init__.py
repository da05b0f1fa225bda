"""Places outside that a source reads from: each lists its items and fetches one, through the guarded client."""

from apps.knowledge.places.base import Fetched, Item, Place, PlaceFailed
from apps.knowledge.places.registry import place_of

__all__ = ["Fetched", "Item", "Place", "PlaceFailed", "place_of"]
