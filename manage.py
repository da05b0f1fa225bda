#!/usr/bin/env python
"""Guildhall's command line; on a machine set up by `make setup` it finds the embedded services by itself."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    from config.standalone.environment import fill_environment

    fill_environment()
    from django.core.management import execute_from_command_line

    from apps.core.tenancy import PUBLIC, activate

    activate(PUBLIC)  # an operator's shell: the platform's own schema, and no tenant's
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
