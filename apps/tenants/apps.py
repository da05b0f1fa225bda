from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"

    def ready(self) -> None:
        from apps.jobs import registry
        from apps.tenants.provisioning import PROVISION, TenantProvisioner

        registry.register(PROVISION, TenantProvisioner())
