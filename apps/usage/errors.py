"""What stops a call before it is made."""

from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from apps.core.errors import TooManyRequests


class BudgetSpent(TooManyRequests):
    """A budget has no room for a call; `resets_on` is the first day of the next period after its `period`."""

    code = "budget_spent"

    def __init__(
        self, *, name: str, resets_on: date, retry_after_s: int, period: Any = None, is_plan: bool = False
    ) -> None:
        day = formats.date_format(resets_on, "DATE_FORMAT")
        message = _("The budget “%(name)s” is spent. It begins again on %(day)s; more can be asked for.")
        if is_plan:
            message = _("What your organisation's plan allows, “%(name)s”, is used up. It begins again on %(day)s.")
        super().__init__(
            message % {"name": name, "day": day},
            retry_after_s=retry_after_s,
            code="plan_spent" if is_plan else self.code,
        )
        self.resets_on = resets_on
        self.period = period
