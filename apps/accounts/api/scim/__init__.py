"""SCIM 2.0 (RFC 7643, RFC 7644): a directory keeps people and groups, with a key whose scope is `scim`.

Filters are read by scim2-filter-parser; PATCH takes the forms that Entra ID, Okta and Keycloak send. ETags are weak and made of the
representation. A person that the directory deletes is shut out and hidden from it; what they made stays.
"""

from django.urls import path

from apps.accounts.api.scim.discovery import ResourceTypes, Schemas, ServiceProviderConfig
from apps.accounts.api.scim.groups import Groups, OneGroup
from apps.accounts.api.scim.people import OneUser, Users

urlpatterns = [
    path("Users", Users.as_view(), name="scim-users"),
    path("Users/<uuid:pk>", OneUser.as_view(), name="scim-user"),
    path("Groups", Groups.as_view(), name="scim-groups"),
    path("Groups/<int:pk>", OneGroup.as_view(), name="scim-group"),
    path("Schemas", Schemas.as_view(), name="scim-schemas"),
    path("Schemas/<str:urn>", Schemas.as_view(), name="scim-schema"),
    path("ResourceTypes", ResourceTypes.as_view(), name="scim-resource-types"),
    path("ResourceTypes/<str:name>", ResourceTypes.as_view(), name="scim-resource-type"),
    path("ServiceProviderConfig", ServiceProviderConfig.as_view(), name="scim-config"),
]
