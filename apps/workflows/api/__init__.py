"""What starts by itself and by the row, for API clients."""

from django.urls import path

from apps.accounts.api.sharing import share_paths
from apps.workflows.api import automations, batches, checklists, workflows
from apps.workflows.models import Workflow

urlpatterns = [
    path("automations/", automations.automations, name="api-automations"),
    path("automations/<uuid:pk>", automations.automation, name="api-automation"),
    path("automations/<uuid:pk>/start", automations.start, name="api-automation-start"),
    path("automations/<uuid:pk>/occurrences", automations.occurrences, name="api-automation-occurrences"),
    path("automations/deliveries/<uuid:pk>/again", automations.again, name="api-delivery-again"),
    path("checklists/", checklists.checklists, name="api-checklists"),
    path("checklists/<uuid:pk>", checklists.checklist, name="api-checklist"),
    path("checklists/<uuid:pk>/items", checklists.checklist_items, name="api-checklist-items"),
    path("checklists/items/<uuid:pk>", checklists.checklist_item, name="api-checklist-item"),
    path("batches/", batches.batches, name="api-batches"),
    path("batches/<uuid:pk>", batches.batch, name="api-batch"),
    path("batches/<uuid:pk>/start", batches.start, name="api-batch-start"),
    path("batches/<uuid:pk>/stop", batches.stop, name="api-batch-stop"),
    path("batches/<uuid:pk>/again", batches.again, name="api-batch-again"),
    path("batches/<uuid:pk>/items", batches.items, name="api-batch-items"),
    path("batches/<uuid:pk>/results", batches.results, name="api-batch-results"),
    path("workflows/", workflows.workflow_rows, name="api-workflows"),
    path("workflows/<uuid:pk>", workflows.workflow, name="api-workflow"),
    path("workflows/<uuid:pk>/start", workflows.start, name="api-workflow-start"),
    path("workflows/<uuid:pk>/executions", workflows.workflow_executions, name="api-workflow-executions"),
    *share_paths("workflows/<uuid:pk>", Workflow, "workflow"),
    path("executions/", workflows.execution_rows, name="api-executions"),
    path("executions/<uuid:pk>", workflows.execution, name="api-execution"),
    path("executions/<uuid:pk>/stop", workflows.stop, name="api-execution-stop"),
    path("executions/<uuid:pk>/again", workflows.again, name="api-execution-again"),
    path("tasks/", workflows.tasks, name="api-tasks"),
    path("tasks/<uuid:pk>", workflows.task, name="api-task"),
    path("tasks/<uuid:pk>/decide", workflows.decide, name="api-task-decide"),
]
