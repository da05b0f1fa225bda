"""What starts by itself and by the row, for API clients."""

from django.urls import path

from apps.workflows.api import automations, batches

urlpatterns = [
    path("automations/", automations.automations, name="api-automations"),
    path("automations/<uuid:pk>", automations.automation, name="api-automation"),
    path("automations/<uuid:pk>/start", automations.start, name="api-automation-start"),
    path("automations/<uuid:pk>/occurrences", automations.occurrences, name="api-automation-occurrences"),
    path("automations/deliveries/<uuid:pk>/again", automations.again, name="api-delivery-again"),
    path("batches/", batches.batches, name="api-batches"),
    path("batches/<uuid:pk>", batches.batch, name="api-batch"),
    path("batches/<uuid:pk>/start", batches.start, name="api-batch-start"),
    path("batches/<uuid:pk>/stop", batches.stop, name="api-batch-stop"),
    path("batches/<uuid:pk>/again", batches.again, name="api-batch-again"),
    path("batches/<uuid:pk>/items", batches.items, name="api-batch-items"),
    path("batches/<uuid:pk>/results", batches.results, name="api-batch-results"),
]
