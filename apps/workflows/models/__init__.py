"""Automation with its Occurrences and Deliveries, Batch with its BatchItems, Workflow with its Executions, Checklist with its items; a module a noun."""

from apps.workflows.models.automations import Automation, Delivery, Occurrence
from apps.workflows.models.batches import Batch, BatchItem
from apps.workflows.models.checklists import Checklist, ChecklistItem
from apps.workflows.models.flows import Execution, ExecutionStep, Workflow, WorkflowGroupGrant, WorkflowUserGrant

__all__ = [
    "Automation",
    "Batch",
    "BatchItem",
    "Checklist",
    "ChecklistItem",
    "Delivery",
    "Execution",
    "ExecutionStep",
    "Occurrence",
    "Workflow",
    "WorkflowGroupGrant",
    "WorkflowUserGrant",
]
