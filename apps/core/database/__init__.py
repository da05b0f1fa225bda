"""Django database engine (`ENGINE = "apps.core.database"`) that takes the tenant from apps.core.tenancy."""
