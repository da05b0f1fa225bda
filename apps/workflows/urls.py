"""Addresses of the pages about what starts by itself."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.workflows.models import Workflow
from apps.workflows.views import automations, batches, building, checklists, executions, workflows

urlpatterns = [
    path("automations/", automations.automation_list, name="automations"),
    path("automations/new/", automations.automation_new, name="automation-new"),
    path("automations/<uuid:pk>/", automations.automation_detail, name="automation"),
    path("automations/<uuid:pk>/edit/", automations.automation_edit, name="automation-edit"),
    path("automations/<uuid:pk>/switch/", automations.automation_switch, name="automation-switch"),
    path("automations/<uuid:pk>/start/", automations.automation_start, name="automation-start"),
    path("automations/<uuid:pk>/remove/", automations.automation_remove, name="automation-remove"),
    path("automations/deliveries/<uuid:pk>/again/", automations.delivery_again, name="delivery-again"),
    path("workflows/", workflows.workflow_list, name="workflows"),
    path("workflows/new/", workflows.workflow_new, name="workflow-new"),
    path("workflows/tasks/", executions.task_list, name="tasks"),
    path("workflows/tasks/<uuid:pk>/", executions.task_detail, name="task"),
    path("workflows/executions/<uuid:pk>/", executions.execution_detail, name="execution"),
    path("workflows/executions/<uuid:pk>/stop/", executions.execution_act, {"act": "stop"}, name="execution-stop"),
    path("workflows/executions/<uuid:pk>/again/", executions.execution_act, {"act": "again"}, name="execution-again"),
    path(
        "workflows/executions/<uuid:pk>/remove/", executions.execution_act, {"act": "remove"}, name="execution-remove"
    ),
    path("workflows/<uuid:pk>/", workflows.workflow_detail, name="workflow"),
    path("workflows/<uuid:pk>/remove/", workflows.workflow_remove, name="workflow-remove"),
    path("workflows/<uuid:pk>/copy/", workflows.workflow_copy, name="workflow-copy"),
    path("workflows/<uuid:pk>/edit/", building.workflow_edit, name="workflow-edit"),
    path("workflows/<uuid:pk>/undo/", building.workflow_undo, name="workflow-undo"),
    path("workflows/<uuid:pk>/inputs/new/", building.input_edit, name="workflow-input-new"),
    path("workflows/<uuid:pk>/inputs/<slug:name>/", building.input_edit, name="workflow-input"),
    path("workflows/<uuid:pk>/inputs/<slug:name>/remove/", building.input_remove, name="workflow-input-remove"),
    path("workflows/<uuid:pk>/steps/new/", building.step_new, name="workflow-step-new"),
    path("workflows/<uuid:pk>/steps/<slug:name>/", building.step_edit, name="workflow-step"),
    *(
        path(
            f"workflows/<uuid:pk>/steps/<slug:name>/{act}/",
            building.step_act,
            {"act": act},
            name=f"workflow-step-{act}",
        )
        for act in ("up", "down", "remove")
    ),
    *share_paths("workflows/<uuid:pk>/", Workflow, "workflow"),
    path("checklists/", checklists.checklist_list, name="checklists"),
    path("checklists/keep/<uuid:run>/", checklists.checklist_keep, name="checklist-keep"),
    path("checklists/<uuid:pk>/", checklists.checklist_detail, name="checklist"),
    path("checklists/<uuid:pk>/remove/", checklists.checklist_remove, name="checklist-remove"),
    path("checklists/<uuid:pk>/items/new/", checklists.item_new, name="checklist-item-new"),
    path("checklists/items/<uuid:pk>/", checklists.item_edit, name="checklist-item"),
    path("checklists/items/<uuid:pk>/tick/", checklists.item_tick, name="checklist-item-tick"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/new/", batches.batch_new, name="batch-new"),
    path("batches/<uuid:pk>/", batches.batch_detail, name="batch"),
    path("batches/<uuid:pk>/start/", batches.batch_act, {"act": "start"}, name="batch-start"),
    path("batches/<uuid:pk>/stop/", batches.batch_act, {"act": "stop"}, name="batch-stop"),
    path("batches/<uuid:pk>/again/", batches.batch_act, {"act": "again"}, name="batch-again"),
    path("batches/<uuid:pk>/remove/", batches.batch_act, {"act": "remove"}, name="batch-remove"),
    path("batches/<uuid:pk>/results/", batches.batch_results, name="batch-results"),
]
