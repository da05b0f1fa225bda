"""What a model's tokens cost: the organisation's own price, else the one that genai-prices lists for its vendor."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from apps.providers.models import ProviderModel
from apps.providers.registry import kinds
from apps.providers.types import Usage
from apps.usage.models import Price

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Rate:
    """US dollars for a million tokens. `origin`: the organisation's own, the library's, or nobody's (then all is 0)."""

    input: Decimal = Decimal(0)
    output: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)
    origin: Literal["own", "listed", "none"] = "none"

    def cost_of(self, usage: Usage) -> Decimal:
        """Return what these tokens cost; cached ones are part of the input."""
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        total = fresh * self.input + usage.cached_tokens * self.cached + usage.output_tokens * self.output
        return (total / MILLION).quantize(Decimal("1e-8"))


def rate_of(model: ProviderModel) -> Rate:
    """Return what a model costs now."""
    own = Price.objects.filter(model=model).first()
    if own:
        cached = own.cached if own.cached is not None else own.input
        return Rate(own.input, own.output, cached, "own")
    return listed_rate(model.provider.kind, model.name)


def listed_rate(kind: str, name: str) -> Rate:
    """Return what the library lists for a model of a kind of provider."""
    known = kinds().get(kind)
    found = _listed(known.price_list, name) if known and known.price_list else None
    if found is None:
        return Rate()
    price_in, price_out = _base(found.input_mtok), _base(found.output_mtok)
    cached = found.cache_read_mtok
    return Rate(price_in, price_out, _base(cached) if cached is not None else price_in, "listed")


def _listed(price_list: str, name: str) -> Any:
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    try:
        return calc_price(Tokens(input_tokens=1, output_tokens=1), name, provider_id=price_list).model_price
    except LookupError:
        return None


def _base(price: Any) -> Decimal:
    """Return a price without the tiers that some vendors have for very long inputs."""
    return Decimal(getattr(price, "base", price) or 0)


def warm_up() -> None:
    """Load the library's table."""
    _listed("openai", "gpt-4o")
