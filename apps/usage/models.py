"""UsageRecord and its sums by day, Price, Budget with its periods and reservations, BudgetRequest."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel, UUIDModel

NOBODY = "00000000-0000-0000-0000-000000000000"


def money(words: Any = "", **options: Any) -> models.DecimalField:
    """A column for US dollars, exact to a hundred-millionth: a token costs less than a cent."""
    return models.DecimalField(words, max_digits=20, decimal_places=8, default=Decimal(0), **options)


class UsageRecord(UUIDModel):
    """One call of a model. Names are copied in, so that a record stands when what it names is gone."""

    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    key = models.CharField(max_length=200, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    agent_id = models.UUIDField(null=True, editable=False)
    agent_name = models.CharField(_("agent"), max_length=80, blank=True)
    project_id = models.UUIDField(null=True, editable=False)
    project_name = models.CharField(_("project"), max_length=80, blank=True, default="", db_default="")
    run_id = models.UUIDField(null=True, editable=False)
    provider_name = models.CharField(_("provider"), max_length=80)
    model_name = models.CharField(_("model"), max_length=120)
    is_answered = models.BooleanField(_("answered"), default=True)
    is_estimated = models.BooleanField(_("tokens estimated"), default=False)
    is_kept = models.BooleanField(_("answered from the cache"), default=False, db_default=False)
    input_tokens = models.PositiveIntegerField(_("tokens in"), default=0)
    output_tokens = models.PositiveIntegerField(_("tokens out"), default=0)
    cached_tokens = models.PositiveIntegerField(_("tokens from a cache"), default=0)
    reasoning_tokens = models.PositiveIntegerField(_("tokens of reasoning"), default=0)
    first_token_s = models.FloatField(_("seconds to the first token"), null=True)
    took_s = models.FloatField(_("seconds"), default=0.0)
    cost = money(_("cost"))
    input_price = models.DecimalField(_("price in, a million tokens"), max_digits=12, decimal_places=6, null=True)
    output_price = models.DecimalField(_("price out, a million tokens"), max_digits=12, decimal_places=6, null=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("usage record")
        verbose_name_plural = _("usage records")
        indexes = (
            models.Index(fields=("-created_at",), name="usage_newest"),
            models.Index(fields=("user", "-created_at"), name="usage_own_newest"),
            models.Index(fields=("run_id",), name="usage_of_run"),
            models.Index(
                fields=("project_id", "-created_at"), condition=Q(project_id__isnull=False), name="usage_of_project"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider_name}: {self.model_name}"


class UsageDay(models.Model):
    """The sums of a day for one agent, model, person or project, or for all: pages read these, however many records there are."""

    class Dimension(models.TextChoices):
        TOTAL = "total", _("all")
        AGENT = "agent", _("agent")
        MODEL = "model", _("model")
        PERSON = "person", _("person")
        PROJECT = "project", _("project")

    day = models.DateField()
    dimension = models.CharField(max_length=8, choices=Dimension)
    key = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=220, blank=True)
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    cost = money()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dimension", "key", "day"), name="usage_day_once"),)
        indexes = (models.Index(fields=("dimension", "day"), name="usage_day_of_dimension"),)

    def __str__(self) -> str:
        return f"{self.day} {self.dimension} {self.label}"


class Price(TimestampedModel):
    """What a model costs here instead of what is listed: US dollars for a million tokens."""

    model = models.OneToOneField(
        "providers.ProviderModel", on_delete=models.CASCADE, related_name="price", verbose_name=_("model")
    )
    input = models.DecimalField(
        _("in, a million tokens"), max_digits=12, decimal_places=6, validators=(MinValueValidator(Decimal(0)),)
    )
    output = models.DecimalField(
        _("out, a million tokens"), max_digits=12, decimal_places=6, validators=(MinValueValidator(Decimal(0)),)
    )
    cached = models.DecimalField(
        _("from a cache, a million tokens"),
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=(MinValueValidator(Decimal(0)),),
    )

    class Meta:
        ordering = ("model",)
        verbose_name = _("price")
        verbose_name_plural = _("prices")

    def __str__(self) -> str:
        return str(self.model)


class Budget(TimestampedModel):
    """At most so much in a day or month: for all together, one project, one agent, one person, or each person apart."""

    class Scope(models.TextChoices):
        TENANT = "tenant", _("Everybody together")
        PROJECT = "project", _("One project")
        AGENT = "agent", _("One agent")
        PERSON = "person", _("One person")
        EACH = "each", _("Each person apart")

    class Period(models.TextChoices):
        DAY = "day", _("a day")
        MONTH = "month", _("a month")

    class Measure(models.TextChoices):
        MONEY = "money", _("US dollars")
        TOKENS = "tokens", _("Tokens")

    name = models.CharField(_("name"), max_length=80, unique=True)
    scope = models.CharField(_("for whom"), max_length=8, choices=Scope, default=Scope.TENANT)
    object_id = models.UUIDField(null=True, blank=True, editable=False)
    object_name = models.CharField(max_length=120, blank=True, editable=False)
    period = models.CharField(_("period"), max_length=8, choices=Period, default=Period.MONTH)
    measure = models.CharField(_("counted in"), max_length=8, choices=Measure, default=Measure.MONEY)
    limit = models.DecimalField(
        _("at most"), max_digits=20, decimal_places=8, validators=(MinValueValidator(Decimal(0)),)
    )
    warn_at = models.PositiveSmallIntegerField(
        _("warn at, in percent"), default=80, validators=(MinValueValidator(1), MaxValueValidator(100))
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    is_plan = models.BooleanField(_("from the organisation's plan"), default=False, db_default=False, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = (
            models.UniqueConstraint(fields=("measure",), condition=Q(is_plan=True), name="one_plan_budget_a_measure"),
            models.CheckConstraint(
                condition=Q(scope__in=("tenant", "each"), object_id=None)
                | Q(scope__in=("project", "agent", "person"), object_id__isnull=False),
                name="budget_names_its_object",
            ),
        )

    def __str__(self) -> str:
        return self.name


class BudgetPeriod(UUIDModel):
    """What a budget has come to since `start`; `holder` is the person for budgets of each person, else nobody."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    holder = models.UUIDField(default=NOBODY)
    start = models.DateField()
    spent = money()
    reserved = money()
    extra = money()
    warned_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-start",)
        constraints = (models.UniqueConstraint(fields=("budget", "holder", "start"), name="budget_period_once"),)

    def __str__(self) -> str:
        return f"{self.budget} {self.start}"

    @property
    def limit(self) -> Decimal:
        """All that may be spent in this period."""
        return self.budget.limit + self.extra


class Reservation(UUIDModel):
    """What a call that is being made may cost at most, taken from a budget's period until the call is settled."""

    period = models.ForeignKey(BudgetPeriod, on_delete=models.CASCADE, related_name="reservations")
    place = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    run_id = models.UUIDField(null=True)
    amount = money()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("place", "period"), name="reservation_once_a_step"),)
        indexes = (models.Index(fields=("run_id",), name="reservation_of_run"),)

    def __str__(self) -> str:
        return self.place


class BudgetRequest(UUIDModel):
    """Somebody's wish for more of a budget in its present period."""

    period = models.ForeignKey(BudgetPeriod, on_delete=models.CASCADE, related_name="requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=300, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    granted = money()

    class Meta:
        ordering = ("-asked_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("period", "asked_by"), condition=Q(answered_at=None), name="one_open_budget_request"
            ),
        )

    def __str__(self) -> str:
        return f"{self.asked_by}: {self.period}"
