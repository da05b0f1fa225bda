"""Settings for one machine: `make run` and daily work. `DEBUG=1` turns Django's debug pages on."""

from config.settings.base import *
from config.settings.base import env

OPERATOR_SECOND_FACTOR = env.bool("OPERATOR_SECOND_FACTOR", default=False)
TENANT_SIGN_UP = env.bool("TENANT_SIGN_UP", default=True)
DEBUG = env.bool("DEBUG", default=False)
