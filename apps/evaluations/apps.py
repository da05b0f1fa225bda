from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationsConfig(AppConfig):
    name = "apps.evaluations"
    verbose_name = _("Evaluations")

    def ready(self) -> None:
        from apps.evaluations import handlers
        from apps.evaluations.evaluating import Evaluations
        from apps.evaluations.experimenting import Experiments
        from apps.evaluations.types import EVALUATION, EXPERIMENT
        from apps.jobs import registry

        registry.register(EVALUATION, Evaluations())
        registry.register(EXPERIMENT, Experiments())
        handlers.connect()
