"""What happens to evaluations, for the audit."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

SET_ADDED = Action("evaluation.set_added", _("made an evaluation set"))
SET_CHANGED = Action("evaluation.set_changed", _("changed an evaluation set"), Severity.MEDIUM)
SET_REMOVED = Action("evaluation.set_removed", _("removed an evaluation set"), Severity.MEDIUM)
CASES_ADDED = Action("evaluation.cases_added", _("added cases to an evaluation set"))
CASE_CHANGED = Action("evaluation.case_changed", _("changed a case of an evaluation set"))
CASE_REMOVED = Action("evaluation.case_removed", _("removed a case of an evaluation set"))
EVALUATION_STARTED = Action("evaluation.started", _("had an evaluation set run"))
EVALUATION_STOPPED = Action("evaluation.stopped", _("stopped an evaluation"))
EXPERIMENT_STARTED = Action("experiment.started", _("had a draft answer some of the people"), Severity.MEDIUM)
EXPERIMENT_ENDED = Action("experiment.ended", _("ended an experiment"), Severity.MEDIUM)
