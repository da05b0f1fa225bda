"""Setting up providers and models, and trying them."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.database.pool import release_connection
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import check_url
from apps.core.permissions import require
from apps.core.wire import run_on_wire
from apps.providers import actions, breaker
from apps.providers.errors import AuthError, EmptyAnswer, ProviderError, QuotaSpent, TimedOut, UnknownModel, Unreachable
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import chat_port, connection_of, embedding_client, kind_of, kinds
from apps.providers.types import (
    EMBEDDING_SIZES,
    ChatMessage,
    ChatPort,
    ChatRequest,
    EmbeddingClient,
    Finished,
    ModelInfo,
    TextDelta,
)

PROVIDER_FIELDS = ("name", "kind", "base_url", "api_version", "is_active")
MODEL_FIELDS = (
    "name",
    "purpose",
    "context_tokens",
    "takes_tools",
    "takes_images",
    "takes_schema",
    "is_default",
    "fallback",
)
RIGHT = "providers.change_provider"
Purpose = ProviderModel.Purpose
TRIAL_LIMIT_S, TRIAL_TOKENS = 30.0, 64
OLLAMA = "ollama"


@dataclass(frozen=True)
class Trial:
    """What came of trying a connection: `problem` and `advice` are empty when the model answered."""

    model: str
    took_s: float
    answer: str = ""
    problem: str = ""
    advice: str = ""

    @property
    def is_good(self) -> bool:
        return not self.problem


# -- providers ---------------------------------------------------------------------------------------------------


@transaction.atomic
def save_provider(
    *, actor: Any, values: Mapping[str, Any], api_key: str | None = None, provider: Provider | None = None
) -> Provider:
    """Set up a provider, or change one; a key of None keeps the stored one, "" drops it.

    Raises Forbidden, InvalidInput with the field, Conflict for a name that is taken.
    """
    require(actor, RIGHT)
    row = provider or Provider()
    before = _told(row, PROVIDER_FIELDS) if provider else None
    for field in PROVIDER_FIELDS:
        if field in values:
            setattr(row, field, values[field])
    moved = before is not None and before["base_url"] != _address(row)
    _check(row)
    if moved and row.has_key and api_key is None:
        raise InvalidInput(_("The address is another one now: paste the key again."), field="api_key")
    if api_key is not None:
        row.set_api_key(api_key.strip())
    if kind_of(row).needs_key and not row.has_key:
        raise InvalidInput(_("This kind of provider needs a key."), field="api_key")
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is a provider of this name already.")) from error
    after = _told(row, PROVIDER_FIELDS) | ({"key": _("(a new one)")} if api_key else {})
    action = actions.PROVIDER_CHANGED if provider else actions.PROVIDER_ADDED
    record(action, actor=actor, target=row, before=before, after=after)
    return row


def _address(row: Provider) -> str:
    kind = kinds().get(row.kind)
    return (row.base_url or "").strip() or (kind.address if kind else "")


def _check(row: Provider) -> None:
    if row.kind not in kinds():
        raise InvalidInput(_("There is no such kind of provider."), field="kind")
    kind = kind_of(row)
    row.name = row.name.strip() or kind.words
    row.base_url = "" if kind.is_built_in else _address(row)
    if not kind.takes_api_version:
        row.api_version = ""
    if kind.is_built_in:
        return
    if not row.base_url:
        raise InvalidInput(_("This kind of provider needs an address."), field="base_url")
    check_url(row.base_url)


@transaction.atomic
def remove_provider(*, actor: Any, provider: Provider) -> None:
    """Remove a provider with its models; agents that used one ask the default model from then on. Raises Forbidden, Conflict."""
    require(actor, RIGHT)
    if provider.models.filter(is_default=True).exists():
        raise Conflict(_("It has the default model. Make another model the default first."))
    record(actions.PROVIDER_REMOVED, actor=actor, target=provider, before=_told(provider, PROVIDER_FIELDS))
    try:
        provider.delete()
    except ProtectedError as error:
        raise Conflict(_("It is still needed.")) from error


def reset_breaker(*, actor: Any, provider: Provider) -> None:
    """Let a provider be asked again at once. Raises Forbidden."""
    require(actor, RIGHT)
    breaker.reset(provider)
    record(actions.BREAKER_RESET, actor=actor, target=provider)


# -- models --------------------------------------------------------------------------------------------------------


def save_model(
    *, actor: Any, provider: Provider, values: Mapping[str, Any], model: ProviderModel | None = None
) -> ProviderModel:
    """Add a model of a provider, or change one; a model for embeddings is asked once, to learn the size of its vectors.

    Raises Forbidden, InvalidInput with the field, Conflict for one that is there.
    """
    require(actor, RIGHT)
    row = model or ProviderModel(provider=provider)
    before = _told(row, MODEL_FIELDS) if model else None
    for field in MODEL_FIELDS:
        if field in values:
            setattr(row, field, values[field])
    row.name = row.name.strip()
    if not row.name:
        raise InvalidInput(_("Write the model's name as the provider knows it."), field="name")
    if row.purpose == Purpose.EMBEDDING:
        _prepare_for_embeddings(row, before)
    else:
        row.dimensions = None
    return _store_model(actor, row, before, was_default=bool(before and before["is_default"] == "True"))


@transaction.atomic
def _store_model(actor: Any, row: ProviderModel, before: dict[str, Any] | None, *, was_default: bool) -> ProviderModel:
    if was_default and not row.is_default:
        row.is_default = True  # another one takes its place, or nobody answers
    _check_fallback(row)
    if row.is_default:
        ProviderModel.objects.exclude(pk=row.pk).filter(is_default=True).update(is_default=False)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("This provider has that model already.")) from error
    action = actions.MODEL_CHANGED if before else actions.MODEL_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row, MODEL_FIELDS))
    return row


def _prepare_for_embeddings(row: ProviderModel, before: dict[str, Any] | None) -> None:
    if before and before["is_default"] == "True":
        raise InvalidInput(_("This is the default model. Make another model the default first."), field="purpose")
    if before and (before["name"], before["purpose"]) != (row.name, row.purpose) and row.dimensions is not None:
        raise InvalidInput(_("Vectors were made with this model. Add the other one beside it."), field="name")
    row.is_default, row.fallback, row.context_tokens = False, None, None
    row.takes_tools = row.takes_images = row.takes_schema = False
    if row.dimensions is None:
        row.dimensions = _measured(row)


def _measured(row: ProviderModel) -> int:
    """Ask a model for one vector and return its size. Raises InvalidInput when it gives none, or one that cannot be stored."""
    release_connection()
    try:
        client = embedding_client(row.provider)
        size = run_on_wire(client.embed(row.name, ["ready"]), timeout_s=TRIAL_LIMIT_S).vectors.shape[1]
    except TimeoutError:
        raise InvalidInput(_(TimedOut.sentence), field="name") from None
    except ProviderError as error:
        message = f"{_(error.sentence)} {_advice(error, row.provider)}"
        raise InvalidInput(message, field="name") from error
    if size not in EMBEDDING_SIZES:
        message = _("Its vectors have %(n)d numbers; what can be stored has %(sizes)s.")
        raise InvalidInput(message % {"n": size, "sizes": ", ".join(map(str, EMBEDDING_SIZES))}, field="name")
    return size


def _check_fallback(row: ProviderModel) -> None:
    seen, current = {row.pk}, row.fallback
    while current is not None:
        if current.pk in seen:
            raise InvalidInput(_("These models would ask each other in a circle."), field="fallback")
        seen.add(current.pk)
        current = current.fallback


@transaction.atomic
def remove_model(*, actor: Any, model: ProviderModel) -> None:
    """Remove a model; agents that used it ask the default one from then on.

    Raises Forbidden, Conflict for the default, and for one with which a collection is searched.
    """
    require(actor, RIGHT)
    if model.is_default:
        raise Conflict(_("This is the default model. Make another model the default first."))
    record(actions.MODEL_REMOVED, actor=actor, target=model, before=_told(model, MODEL_FIELDS))
    try:
        model.delete()
    except ProtectedError as error:
        names = ", ".join(sorted(str(row) for row in error.protected_objects))
        raise Conflict(_("It is still needed by: %(names)s.") % {"names": names}) from error


# -- asking the provider -------------------------------------------------------------------------------------------


def offered_models(*, actor: Any, provider: Provider) -> list[ModelInfo]:
    """Ask a provider what it has, by name. Raises Forbidden, ProviderError."""
    require(actor, RIGHT)
    return sorted(_listed(provider), key=lambda model: model.name)


def _listed(provider: Provider) -> list[ModelInfo]:
    port = chat_port(provider)
    try:
        return run_on_wire(port.models(), timeout_s=TRIAL_LIMIT_S)
    except TimeoutError as error:
        raise TimedOut from error


def try_connection(*, actor: Any, provider: Provider, model: str = "") -> Trial:
    """Ask a model of the provider for one word, and say what came of it; without a name, the first that there is. Raises Forbidden."""
    require(actor, RIGHT)
    known = provider.models.for_chat().first() or provider.models.first()
    name, started = model or (known.name if known else ""), time.monotonic()
    is_embedding = provider.models.for_embeddings().filter(name=name).exists()
    try:
        name = name or _first_chat_model(provider)
        release_connection()
        asked = _one_vector(embedding_client(provider), name) if is_embedding else _one_word(chat_port(provider), name)
        answer = run_on_wire(asked, timeout_s=TRIAL_LIMIT_S)
        trial = Trial(name, time.monotonic() - started, answer=answer)
    except TimeoutError:
        trial = _bad(name, started, TimedOut(), provider)
    except ProviderError as error:
        trial = _bad(name, started, error, provider)
    record(actions.PROVIDER_TESTED, actor=actor, target=provider, after={"model": name, "problem": trial.problem})
    return trial


def _first_chat_model(provider: Provider) -> str:
    return next((model.name for model in _listed(provider) if not model.is_embedding), "")


async def _one_vector(client: EmbeddingClient, model: str) -> str:
    found = await client.embed(model, ["ready"])
    return f"{found.vectors.shape[1]}"


async def _one_word(port: ChatPort, model: str) -> str:
    request = ChatRequest(model, (ChatMessage("user", "Answer with the one word: ready"),), max_tokens=TRIAL_TOKENS)
    words = []
    try:
        async for event in port.stream(request):
            if isinstance(event, TextDelta):
                words.append(event.text)
            if isinstance(event, Finished):
                break
    except EmptyAnswer:
        return ""  # a model that thinks longer than the trial lets it has answered all the same
    return "".join(words)[:200]


def _bad(model: str, started: float, error: ProviderError, provider: Provider) -> Trial:
    return Trial(model, time.monotonic() - started, problem=_(error.sentence), advice=_advice(error, provider))


def _advice(error: ProviderError, provider: Provider) -> str:
    if isinstance(error, AuthError):
        return _("Check the key: it may be mistyped, revoked, or without a right to this model.")
    if isinstance(error, UnknownModel):
        return _("Check the model's name, and that the address is that of the API, for example %(example)s.") % {
            "example": kind_of(provider).address or kind_of(provider).example
        }
    if isinstance(error, QuotaSpent):
        return _("Add credit to the account, or raise its limit, at the provider.")
    if isinstance(error, (Unreachable, TimedOut)):
        return _(
            "Check the address, and that this server may reach it: private addresses must be allowed by the operator"
            " (PROVIDER_PRIVATE_HOSTS)."
        )
    return _("Try again in a minute; if it stays, the provider's status page may tell.")


def found_ollama() -> list[ModelInfo]:
    """Return the models of an Ollama on this machine that no provider stands for yet; none when there is no Ollama."""
    kind = kinds()[OLLAMA]
    if Provider.objects.filter(kind=OLLAMA).exists():
        return []
    port = kind.connect(connection_of(Provider(kind=OLLAMA, base_url=kind.address)))
    try:
        return run_on_wire(asyncio.wait_for(port.models(), 2.0), timeout_s=3.0)
    except (ProviderError, TimeoutError):
        return []


def _told(row: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: str(value) if (value := getattr(row, field)) is not None else None for field in fields}
