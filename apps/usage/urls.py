"""Pages of usage, budgets and prices."""

from django.urls import path

from apps.usage import views

urlpatterns = [
    path("usage/", views.usage_page, name="usage"),
    path("usage/export/", views.usage_export, name="usage-export"),
    path("usage/budgets/", views.budget_list, name="budgets"),
    path("usage/budgets/<uuid:pk>/", views.budget_edit, name="budget"),
    path("usage/budgets/<uuid:pk>/remove/", views.budget_remove, name="budget-remove"),
    path("usage/budgets/<uuid:pk>/ask/", views.budget_ask, name="budget-ask"),
    path("usage/requests/<uuid:pk>/", views.request_answer, name="budget-request"),
    path("usage/prices/", views.price_list, name="prices"),
    path("usage/prices/<uuid:pk>/", views.price_set, name="price"),
]
