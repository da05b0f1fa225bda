from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"

    def ready(self) -> None:
        from apps.jobs import registry
        from apps.tenants.provisioning import PROVISION, TenantProvisioner
        from apps.tenants.services import prune_audit

        registry.register(PROVISION, TenantProvisioner())
        registry.nightly(prune_audit)
