"""Addresses of the pages about what starts by itself."""

from django.urls import path

from apps.workflows.views import automations, batches

urlpatterns = [
    path("automations/", automations.automation_list, name="automations"),
    path("automations/new/", automations.automation_new, name="automation-new"),
    path("automations/<uuid:pk>/", automations.automation_detail, name="automation"),
    path("automations/<uuid:pk>/edit/", automations.automation_edit, name="automation-edit"),
    path("automations/<uuid:pk>/switch/", automations.automation_switch, name="automation-switch"),
    path("automations/<uuid:pk>/start/", automations.automation_start, name="automation-start"),
    path("automations/<uuid:pk>/remove/", automations.automation_remove, name="automation-remove"),
    path("automations/deliveries/<uuid:pk>/again/", automations.delivery_again, name="delivery-again"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/new/", batches.batch_new, name="batch-new"),
    path("batches/<uuid:pk>/", batches.batch_detail, name="batch"),
    path("batches/<uuid:pk>/start/", batches.batch_act, {"act": "start"}, name="batch-start"),
    path("batches/<uuid:pk>/stop/", batches.batch_act, {"act": "stop"}, name="batch-stop"),
    path("batches/<uuid:pk>/again/", batches.batch_act, {"act": "again"}, name="batch-again"),
    path("batches/<uuid:pk>/remove/", batches.batch_act, {"act": "remove"}, name="batch-remove"),
    path("batches/<uuid:pk>/results/", batches.batch_results, name="batch-results"),
]
