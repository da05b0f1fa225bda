"""Automation with its Occurrences and Deliveries, Batch with its BatchItems, Workflow with its Executions; a module a noun."""

from apps.workflows.models.automations import Automation, Delivery, Occurrence
from apps.workflows.models.batches import Batch, BatchItem
from apps.workflows.models.flows import Execution, ExecutionStep, Workflow, WorkflowGroupGrant, WorkflowUserGrant

__all__ = [
    "Automation",
    "Batch",
    "BatchItem",
    "Delivery",
    "Execution",
    "ExecutionStep",
    "Occurrence",
    "Workflow",
    "WorkflowGroupGrant",
    "WorkflowUserGrant",
]
