"""The levels of cache: read through, kept apart by tenant, forgotten by every process, away without harm."""

import subprocess
import sys
import threading
import time
import uuid

import pytest
from django.core.cache import caches
from django.db import connection, transaction

from apps.core import caches as module
from apps.core.caches import DISK, MEMORY, REDIS, Level, ReadThrough
from apps.core.tenancy import tenant_context

LEVELS = (Level(MEMORY, 60), Level(REDIS, 60), Level(DISK, 60))


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setattr(module, "_registry", {})
    return ReadThrough(f"test-{uuid.uuid4().hex[:8]}", words="Test", levels=LEVELS)


@pytest.fixture
def made():
    """Counts how often a value had to be made."""

    class Made:
        count = 0

        def __call__(self):
            self.count += 1
            return f"value {self.count}"

    return Made()


def heard():
    """Wait until this process hears the news of other ones."""
    deadline = time.monotonic() + 10
    while not module._generations._is_listening and time.monotonic() < deadline:
        time.sleep(0.02)
    assert module._generations._is_listening


def test_made_once_and_kept_at_every_level(in_acme, kept, made):
    assert [kept.get("k", made) for _ in range(3)] == ["value 1"] * 3
    key = f"{kept.name}:{module._generations.of(kept.name)}:k"
    assert [caches[alias].get(key) for alias in (MEMORY, REDIS, DISK)] == [("value 1",)] * 3
    caches[MEMORY].delete(key), caches[REDIS].delete(key)
    assert kept.get("k", made) == "value 1"
    assert caches[MEMORY].get(key) == ("value 1",)  # the quicker levels got it back


def test_nothing_is_a_value_too(in_acme, kept):
    asked = []
    for _ in range(2):
        assert kept.get("k", lambda: asked.append(1)) is None
    assert asked == [1]


def test_tenants_see_nothing_of_each_other(acme, globex, kept, made):
    with tenant_context(acme):
        kept.get("k", made)
    with tenant_context(globex):
        assert kept.peek("k") is None
        kept.forget()
    with tenant_context(acme):
        assert kept.peek("k") == ("value 1",)


def test_kept_no_longer_than_said(in_acme, kept):
    kept.put("k", "v", keep_s=1)
    assert kept.peek("k") == ("v",)
    time.sleep(1.1)
    assert kept.peek("k") is None


@pytest.mark.django_db(transaction=False)
def test_forgotten_in_a_transaction_is_read_past_until_it_ends(in_acme, kept, made):
    kept.get("k", made)
    with transaction.atomic():
        kept.forget()
        assert [kept.get("k", made), kept.get("k", made)] == ["value 2", "value 3"]  # nothing is kept of it
    assert connection.in_atomic_block  # the test's own transaction goes on, so it is read past still
    assert kept.peek("k") is None


def test_what_was_rolled_back_is_not_kept(committed, kept, made):
    from tests.conftest import _tenant

    with tenant_context(_tenant("acme")):
        assert kept.get("k", made) == "value 1"
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            kept.forget()
            assert kept.get("k", lambda: "never committed") == "never committed"
            1 / 0  # noqa: B018
        assert kept.get("k", made) == "value 2"
        assert kept.get("k", made) == "value 2"


OTHER_PROCESS = """
import django, os, sys
django.setup()
from apps.core import caches
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
cache = caches.ReadThrough(sys.argv[1], words="Test", levels=(caches.Level(caches.MEMORY, 60),))
with tenant_context(tenant_for_slug("acme")):
    cache.forget()
"""


def test_another_process_forgets_and_this_one_hears_at_once(committed, kept, made):
    import os

    from tests.conftest import _tenant

    with tenant_context(_tenant("acme")):
        kept.get("k", made)
        heard()
        kept.get("k", made)
        assert made.count == 1
        database = connection.settings_dict
        url = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        done = subprocess.run(
            [sys.executable, "-c", OTHER_PROCESS, kept.name], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        deadline = time.monotonic() + 2
        while kept.get("k", made) == "value 1" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert kept.get("k", made) == "value 2"


def test_without_redis_everything_is_made_and_nothing_breaks(in_acme, kept, made, monkeypatch):
    from redis.exceptions import ConnectionError as Away

    class Gone:
        def __getattr__(self, name):
            raise Away("gone")

    kept.get("k", made)
    module.forget_here()
    real = module.caches
    monkeypatch.setattr(module, "caches", {MEMORY: real[MEMORY], REDIS: Gone(), DISK: real[DISK]})
    assert [kept.get("k", made), kept.get("k", made)] == ["value 2", "value 3"]
    kept.put("k", "v")
    kept.forget()
    assert kept.peek("k") is None and kept.rates().asked == 0


def test_what_changes_while_a_value_is_made_is_not_hidden(in_acme, kept):
    """The value was made from what held before; the next reader makes it anew."""

    def slow():
        thread = threading.Thread(target=forget)
        thread.start()
        thread.join()
        return "old"

    def forget():
        with tenant_context(in_acme):
            kept.forget()

    assert kept.get("k", slow) == "old"
    assert kept.get("k", lambda: "new") == "new"


def test_rates_name_the_level_that_answered(in_acme, kept, made):
    kept.get("k", made)
    kept.get("k", made)
    module.forget_here()
    kept.get("k", made)
    rates = kept.rates()
    assert (rates.asked, rates.hits, rates.share) == (3, {MEMORY: 1, REDIS: 1, DISK: 0}, 67)


def test_memory_keeps_to_its_size(settings):
    assert caches[MEMORY]._max_entries == settings.CACHES[MEMORY]["OPTIONS"]["MAX_ENTRIES"]
    assert caches[DISK]._max_entries == settings.CACHES[DISK]["OPTIONS"]["MAX_ENTRIES"]
