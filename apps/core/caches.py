"""Reading through several levels of cache: the process's memory, Redis and the disk, each with its size and time to live.

What is kept is never the truth: any level may be empty, away or cleared at any time. Everything of a tenant under one name
belongs to a generation; forgetting begins a new one, which every process hears of at once (Redis publishes it) and finds out by
itself within seconds where it did not hear. Values are keyed by tenant, as all cache keys are (see core.cache).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import redis
from asgiref.local import Local
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.utils.functional import Promise
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.core.tenancy import active_schema, bound, scoped_or_public

MEMORY, REDIS, DISK = "memory", "default", "disk"
CHANNEL = "guildhall:forget"
SURE_S = 10.0  # how long a generation is believed without asking, while the news comes in
COUNT_EVERY_S, COUNTS_KEPT_S = 5.0, 30 * 86_400
AWAY = (RedisError, OSError)
T = TypeVar("T")
_registry: dict[str, "ReadThrough"] = {}
_changed_here: Any = Local()  # names that the transaction of this thread or task has forgotten


@dataclass(frozen=True)
class Level:
    """Where values are kept, an alias of Django's CACHES, and for how long."""

    alias: str
    keep_s: int


@dataclass(frozen=True)
class Rates:
    """How often a cache was asked by the active tenant, and which level answered."""

    cache: "ReadThrough"
    asked: int
    hits: dict[str, int]

    @property
    def share(self) -> int:
        """Answers from any level, in percent."""
        return round(100 * sum(self.hits.values()) / self.asked) if self.asked else 0


class ReadThrough:
    """A cache of one kind of thing, over some levels, the quickest first."""

    def __init__(self, name: str, *, words: str | Promise, levels: Sequence[Level]) -> None:
        if name in _registry:
            raise ValueError(f"The cache {name} is declared twice.")
        self.name, self.words, self.levels = name, words, tuple(levels)
        _registry[name] = self

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return what is kept under a key, or make it and keep it."""
        found = self.peek(key)
        if found is not None:
            return found[0]
        generation = self._generation()  # before it is made: what changes meanwhile makes the value old
        value = make()
        self._keep(generation, key, value, self.levels)
        return value

    def peek(self, key: str) -> tuple[Any] | None:
        """Return what is kept under a key, in a tuple, or None; quicker levels than the one that had it get it as well."""
        generation = self._generation()
        for place, level in enumerate(self.levels if generation else ()):
            found = _read(level.alias, f"{self.name}:{generation}:{key}")
            if found is not None:
                _counts.add(self.name, level.alias)
                self._keep(generation, key, found[0], self.levels[:place])
                return found
        _counts.add(self.name, "")
        return None

    def put(self, key: str, value: Any, *, keep_s: int | None = None) -> None:
        """Keep a value at every level, for `keep_s` seconds at most."""
        levels = [Level(level.alias, min(level.keep_s, keep_s or level.keep_s)) for level in self.levels]
        self._keep(self._generation(), key, value, levels)

    def forget(self) -> None:
        """Have everything of the active tenant read anew, in every process: now, and again once the transaction is there for others.

        Until then this transaction reads past the cache, so that nothing is kept that may yet be taken back.
        """
        _generations.renew(self.name)
        if connection.in_atomic_block:
            _changed_here.names = {*getattr(_changed_here, "names", ()), self._place()}
            transaction.on_commit(bound(lambda: _generations.renew(self.name)), robust=True)

    def rates(self) -> Rates:
        """Return how often the active tenant's questions were answered."""
        counted = _counts.read(self.name)
        hits = {level.alias: counted.get(level.alias, 0) for level in self.levels}
        return Rates(self, sum(counted.values()), hits)

    def _place(self) -> str:
        return scoped_or_public("generation", self.name)

    def _generation(self) -> str:
        """Return the generation to read and write, "" where nothing kept may be believed."""
        if not connection.in_atomic_block:
            _changed_here.names = set()
        return "" if self._place() in getattr(_changed_here, "names", ()) else _generations.of(self.name)

    def _keep(self, generation: str, key: str, value: Any, levels: Sequence[Level]) -> None:
        for level in levels if generation else ():
            with suppress(*AWAY):
                caches[level.alias].set(f"{self.name}:{generation}:{key}", (value,), level.keep_s)


def all_caches() -> list[ReadThrough]:
    """Return every cache, in the order of declaration."""
    return list(_registry.values())


def forget_here() -> None:
    """Empty this process's memory and what it knows of generations."""
    _changed_here.names = set()
    caches[MEMORY].clear()
    _generations.doubt()


def _read(alias: str, key: str) -> tuple[Any] | None:
    with suppress(*AWAY):
        return caches[alias].get(key)
    return None


def _client(**options: Any) -> "redis.Redis":
    """Return a client that does not mend a lost connection behind our back: what was published meanwhile would be missed."""
    never = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, retry=never, **options)


class _Generations:
    """The present generation of each tenant's caches, known to this process while the news of new ones comes in."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._is_listening = False
        self._listener: threading.Thread | None = None

    def of(self, name: str) -> str:
        """Return the generation, "" while Redis is away: nothing may be believed then."""
        place = scoped_or_public("generation", name)
        known, until = self._known.get(place, ("", 0.0))
        if known and self._is_listening and time.monotonic() < until:
            return known
        self._listen()
        try:
            found = caches[REDIS].get_or_set(f"generation:{name}", lambda: uuid4().hex, None)
        except AWAY:
            return ""
        self._known[place] = (str(found), time.monotonic() + SURE_S)
        return str(found)

    def renew(self, name: str) -> None:
        """Begin a new generation, and tell every process."""
        place = scoped_or_public("generation", name)
        self._known.pop(place, None)
        with suppress(*AWAY):
            caches[REDIS].set(f"generation:{name}", uuid4().hex, None)
            caches[REDIS]._cache.get_client(None, write=True).publish(CHANNEL, place)  # type: ignore[attr-defined]

    def doubt(self) -> None:
        """Ask for every generation again at its next use."""
        self._known.clear()

    def _listen(self) -> None:
        with self._lock:  # a process that was forked has the object and not the thread
            if self._listener is None or not self._listener.is_alive():
                self._is_listening = False
                self._listener = threading.Thread(target=self._hear, name="cache-news", daemon=True)
                self._listener.start()

    def _hear(self) -> None:
        while True:
            try:
                with _client(socket_timeout=None, health_check_interval=15) as client, client.pubsub() as news:
                    news.subscribe(CHANNEL)
                    self._take(news)
            except AWAY:
                pass  # until it is back, every generation is asked for
            finally:
                self._is_listening = False
                self.doubt()
            time.sleep(1.0)

    def _take(self, news: Any) -> None:
        while True:
            message = news.get_message(timeout=5.0)
            if message is None:
                continue
            if message["type"] == "subscribe":
                self.doubt()
                self._is_listening = True
            elif message["type"] == "message":
                self._known.pop(message["data"].decode(), None)


class _Counts:
    """How often caches were asked and answered, gathered here and added up in Redis every few seconds."""

    def __init__(self) -> None:
        self._gathered: Counter[tuple[str, str]] = Counter()
        self._written_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, name: str, level: str) -> None:
        """Count a question that `level` answered, "" for none."""
        if active_schema() is None:
            return
        with self._lock:
            self._gathered[(scoped_or_public("asked", name), level)] += 1
            is_due = time.monotonic() - self._written_at >= COUNT_EVERY_S
        if is_due:
            self.write()

    def write(self) -> None:
        """Add what was gathered to the sums in Redis."""
        with self._lock:
            gathered, self._gathered = self._gathered, Counter()
            self._written_at = time.monotonic()
        with suppress(*AWAY):
            pipe = caches[REDIS]._cache.get_client(None, write=True).pipeline(transaction=False)  # type: ignore[attr-defined]
            for (place, level), count in gathered.items():
                pipe.hincrby(place, level or "made", count)
                pipe.expire(place, COUNTS_KEPT_S)
            pipe.execute()

    def read(self, name: str) -> dict[str, int]:
        """Return the active tenant's sums by level; "made" stands for none."""
        self.write()
        with suppress(*AWAY):
            client = caches[REDIS]._cache.get_client(None)  # type: ignore[attr-defined]
            return {key.decode(): int(n) for key, n in client.hgetall(scoped_or_public("asked", name)).items()}
        return {}


_generations = _Generations()
_counts = _Counts()
