"""Trying versions of a prompt: each is asked the same question by the same model, at the same time, and metered."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import InvalidInput
from apps.core.limits import Limit, spend
from apps.core.permissions import require
from apps.prompts import actions
from apps.prompts.models import PromptVersion
from apps.prompts.services.library import CHANGE
from apps.prompts.templating import checked_values, given_values, render
from apps.prompts.types import Trial
from apps.providers.errors import ProviderError
from apps.providers.models import ProviderModel
from apps.providers.types import ChatMessage, ChatRequest
from apps.usage.prices import rate_of
from apps.usage.services.asking import Asking, ask
from apps.usage.types import Call

TRIED = Limit("try-prompt", amount=60, per_s=3600)
MOST_TOKENS, MOST_VERSIONS, MAX_QUESTION_CHARS = 1_024, 2, 8_000


def try_versions(
    *, actor: Any, versions: Sequence[PromptVersion], values: Mapping[str, Any], question: str, model: ProviderModel
) -> list[Trial]:
    """Ask a model the same question under one or two versions; what goes wrong stands in the trial.

    Raises Forbidden, InvalidInput for values that are missing or no question, TooManyRequests.
    """
    require(actor, CHANGE)
    question = question.replace("\0", "").strip()
    if not question or len(question) > MAX_QUESTION_CHARS:
        raise InvalidInput(
            _("Write a question, of at most %(n)d characters.") % {"n": MAX_QUESTION_CHARS}, field="question"
        )
    asked = versions[:MOST_VERSIONS]
    askings = [_asking(actor, version, values, question, model) for version in asked]
    spend(TRIED, str(actor.pk))
    ask(*askings)
    after = {"versions": [version.number for version in asked], "model": str(model)}
    record(actions.PROMPT_TRIED, actor=actor, target=asked[0].prompt, after=after)
    return [_trial(version, asking) for version, asking in zip(asked, askings, strict=True)]


def _asking(
    actor: Any, version: PromptVersion, values: Mapping[str, Any], question: str, model: ProviderModel
) -> Asking:
    text = render(version.text, checked_values(version.variables, values) | given_values(actor))
    key = f"prompt:{version.pk}:{uuid.uuid4()}"
    messages = (ChatMessage("system", text), ChatMessage("user", question))
    return Asking(Call(key, key, model, actor), ChatRequest(model.name, messages, max_tokens=MOST_TOKENS))


def _trial(version: PromptVersion, asking: Asking) -> Trial:
    return Trial(
        version.number,
        asking.request.messages[0].text,
        asking.answer,
        _problem(asking),
        asking.took_s,
        asking.usage.input_tokens,
        asking.usage.output_tokens,
        rate_of(asking.call.model).cost_of(asking.usage),
    )


def _problem(asking: Asking) -> str:
    if asking.error is None:
        return ""
    return _(asking.error.sentence) if isinstance(asking.error, ProviderError) else str(asking.error.message)
