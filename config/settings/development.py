"""Settings for one machine: `make run` and daily work. `DEBUG=1` turns Django's debug pages on."""

from config.settings.base import *
from config.settings.base import env

DEBUG = env.bool("DEBUG", default=False)
