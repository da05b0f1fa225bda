from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"

    def ready(self) -> None:
        from apps.core.credentials import keep_keys_in
        from apps.jobs import registry
        from apps.tenants.keys import TableOfKeys
        from apps.tenants.provisioning import PROVISION, TenantProvisioner
        from apps.tenants.services import prune_audit

        keep_keys_in(TableOfKeys())
        registry.register(PROVISION, TenantProvisioner())
        registry.nightly(prune_audit)
