"""EvaluationSet and EvaluationCase: what an agent is asked, and by what its answers are graded."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel
from apps.evaluations.querysets import CaseQuerySet, SetQuerySet


class Grader(models.TextChoices):
    """How an answer is compared with what is expected; what each expects stands in `EvaluationCase.expected`."""

    CONTAINS = "contains", _("Contains these words")
    EXACT = "exact", _("Is exactly this")
    SCHEMA = "schema", _("Is JSON of this schema")
    SIMILAR = "similar", _("Means about the same")
    JUDGE = "judge", _("A model judges it")


SHARE = (MinValueValidator(0), MaxValueValidator(1))


class EvaluationSet(TimestampedModel):
    """Questions to one agent, each with a grader. Who may change the agent changes and runs its sets.

    A guard keeps a draft from being published that passes fewer of its cases than what is published, by more than `tolerance`
    percentage points. `judge` grades what a model judges (null: the organisation's default model), `embedder` what should mean
    the same (null: the built-in model, for English).
    """

    agent = models.ForeignKey(
        "agents.Agent", on_delete=models.CASCADE, related_name="evaluation_sets", verbose_name=_("agent")
    )
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("what it is for"), max_length=200, blank=True)
    is_guard = models.BooleanField(_("guards publishing"), default=False)
    tolerance = models.PositiveSmallIntegerField(
        _("percentage points by which a draft may pass fewer"),
        default=0,
        validators=(MaxValueValidator(50),),
    )
    judge = models.ForeignKey(
        "providers.ProviderModel",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"purpose": "chat"},
        verbose_name=_("model that judges"),
    )
    embedder = models.ForeignKey(
        "providers.ProviderModel",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"purpose": "embedding"},
        verbose_name=_("model that compares meanings"),
    )

    objects = SetQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("evaluation set")
        verbose_name_plural = _("evaluation sets")
        constraints = (models.UniqueConstraint(fields=("agent", "name"), name="evaluation_set_name_once"),)

    def __str__(self) -> str:
        return self.name


class EvaluationCase(TimestampedModel):
    """A question, or for an agent with a form what is filled in (`values`), and what is expected of the answer.

    `expected` is, by grader: words or phrases, one in a line; the answer; a JSON schema; an answer that means the same; what the
    judge is to look for. `threshold` (0 to 1) is the least likeness, or the least mark of the judge, that passes. `origin` is the
    key of the answer whose feedback it was made from.
    """

    evaluation_set = models.ForeignKey(
        EvaluationSet, on_delete=models.CASCADE, related_name="cases", verbose_name=_("evaluation set")
    )
    question = models.TextField(_("question"), blank=True)
    values = models.JSONField(_("filled in"), default=dict, blank=True)
    grader = models.CharField(_("graded by"), max_length=8, choices=Grader, default=Grader.CONTAINS)
    expected = models.TextField(_("expected"))
    threshold = models.FloatField(_("passes from"), default=0.8, validators=SHARE)
    origin = models.UUIDField(null=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")
        verbose_name = _("evaluation case")
        verbose_name_plural = _("evaluation cases")

    def __str__(self) -> str:
        return self.asked[:80]

    @property
    def asked(self) -> str:
        """What it asks, in a line: the question, or what is filled in."""
        return self.question or "; ".join(f"{name}: {text}" for name, text in self.values.items())
