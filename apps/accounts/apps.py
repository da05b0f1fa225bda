from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from apps.accounts import handlers  # noqa: F401
        from apps.accounts.roles import sync_roles
        from apps.accounts.services.programs import forget_unused
        from apps.jobs import registry

        post_migrate.connect(sync_roles)
        registry.nightly(forget_unused)
