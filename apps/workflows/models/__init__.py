"""Automation with its Occurrences and Deliveries, Batch with its BatchItems; a module a noun."""

from apps.workflows.models.automations import Automation, Delivery, Occurrence
from apps.workflows.models.batches import Batch, BatchItem

__all__ = ["Automation", "Batch", "BatchItem", "Delivery", "Occurrence"]
