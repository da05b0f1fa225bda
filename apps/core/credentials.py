"""Secrets at rest: AES-256-GCM under a data key of the tenant (or of the platform), bound to the very field they stand in.

A data key is random and stored wrapped: sealed itself under a key that is derived (HKDF-SHA256) from a list of master keys and the owner,
of which the first wraps and all unwrap. A row pasted into another tenant, table, row or field does not decrypt, and neither does a
wrapped key under another owner. What was sealed before there were data keys opens under the derived keys, and is sealed anew by rotate().
"""

import base64
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection

from apps.core.tenancy import owner_id, scoped_or_public

NONCE_BYTES, MARK = 12, "k:"
SURE_S = 5.0  # how long the list of an owner's keys is believed; keys that are no longer the newest go on opening
Reseal = Callable[[], int]
_rotations: list[Reseal] = []


@dataclass(frozen=True)
class WrappedKey:
    """A data key as it is stored."""

    id: UUID
    wrapped: str


class KeyStore(Protocol):
    """Where the active schema's owner has its data keys."""

    def newest_first(self) -> list[WrappedKey]: ...

    def add(self, wrapped: str) -> None: ...

    def replace(self, key: WrappedKey, wrapped: str) -> None: ...

    def drop_superseded(self) -> None:
        """Drop keys that have not been the newest for a day."""
        ...


_stores: list[KeyStore] = []


def keep_keys_in(store: KeyStore) -> None:
    """Say where data keys are stored; called once at start, by the app that has the table."""
    _stores[:] = [store]


# -- data keys -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _DataKey:
    stored: WrappedKey
    place: int  # of the master key that wraps it
    cipher: AESGCM


_known: dict[tuple[Any, ...], tuple[list[_DataKey], float]] = {}


def _data_keys(*, fresh: bool = False) -> list[_DataKey]:
    """Return the owner's data keys that a master key opens, the newest first.

    They are remembered outside transactions alone: a key that a transaction made may yet be taken back.
    """
    who = (owner_id(), *settings.CREDENTIAL_KEYS)
    known, until = _known.get(who, ([], 0.0))
    if known and not fresh and time.monotonic() < until and not connection.in_atomic_block:
        return known
    stored = _stores[0].newest_first()
    found = [key for key in (_opened(one, *who) for one in stored) if key is not None]
    if not connection.in_atomic_block:
        _known[who] = (found, time.monotonic() + SURE_S)
    return found


@lru_cache(maxsize=4_096)
def _opened(stored: WrappedKey, owner: UUID, *masters: str) -> _DataKey | None:
    raw = base64.b64decode(stored.wrapped)
    for place, master in enumerate(masters):
        try:
            key = _wrapping(master, owner).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], owner.bytes)
        except InvalidTag:
            continue
        return _DataKey(stored, place, AESGCM(key))
    return None


def _wrapping(master: str, owner: UUID) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=owner.bytes, info=b"guildhall key wrapping").derive(master.encode()))


def _wrapped(key: bytes) -> str:
    owner, nonce = owner_id(), os.urandom(NONCE_BYTES)
    sealed = _wrapping(settings.CREDENTIAL_KEYS[0], owner).encrypt(nonce, key, owner.bytes)
    return base64.b64encode(nonce + sealed).decode()


def _newest() -> _DataKey:
    """Return the key to seal with, making the owner's first one, or one where none opens under the master keys of now."""
    keys = _data_keys()
    if not keys:
        _stores[0].add(_wrapped(AESGCM.generate_key(256)))
        keys = _data_keys(fresh=True)
    return keys[0]


# -- sealing -------------------------------------------------------------------------------------------------------


def _bound_to(table: str, pk: UUID, field: str) -> bytes:
    return scoped_or_public("credential", table, pk, field).encode()


def seal(secret: str, *, table: str, pk: UUID, field: str) -> str:
    """Encrypt a secret for one field of one row of the active schema."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = _newest().cipher.encrypt(nonce, secret.encode(), _bound_to(table, pk, field))
    return MARK + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, table: str, pk: UUID, field: str) -> str:
    """Decrypt what seal() made for this very field. Raises ValueError for anything else."""
    bound_to = _bound_to(table, pk, field)
    if not sealed.startswith(MARK):
        ciphers = [_derived(master) for master in settings.CREDENTIAL_KEYS]
        found = _decrypted(sealed, ciphers, bound_to)
    else:
        found = _decrypted(sealed, [key.cipher for key in _data_keys()], bound_to)
        if found is None:  # another process may have made a key since
            found = _decrypted(sealed, [key.cipher for key in _data_keys(fresh=True)], bound_to)
    if found is None:
        raise ValueError("The stored credential was not made for this place, or its key is gone.")
    return found


def _decrypted(sealed: str, ciphers: Sequence[AESGCM], bound_to: bytes) -> str | None:
    raw = base64.b64decode(sealed.removeprefix(MARK))
    for cipher in ciphers:
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to).decode()
        except InvalidTag:
            continue
    return None


def _derived(master: str) -> AESGCM:
    """Return the key that sealed before there were data keys."""
    return AESGCM(HKDF(SHA256(), 32, salt=owner_id().bytes, info=b"guildhall credentials").derive(master.encode()))


# -- rotation ----------------------------------------------------------------------------------------------------


def on_rotation(reseal: Reseal) -> Reseal:
    """Have rotate() call a function that seals an app's secrets of the active tenant anew and returns how many it changed."""
    _rotations.append(reseal)
    return reseal


def rotate(reseals: Sequence[Reseal] = _rotations) -> int:
    """Seal the secrets of the active schema (a tenant's, unless told which) under a data key that the first master key wraps.

    Returns how many were under another one.
    """
    renew_key()
    changed = sum(reseal() for reseal in reseals)
    if not changed:
        _stores[0].drop_superseded()
    return changed


def renew_key() -> None:
    """Give the active schema a new data key unless the first master key wraps its newest, and have it wrap all others, too."""
    keys = _data_keys(fresh=True)
    if not keys or keys[0].place:
        _stores[0].add(_wrapped(AESGCM.generate_key(256)))
    for key in keys:
        if key.place:
            raw = base64.b64decode(key.stored.wrapped)
            wrapping = _wrapping(settings.CREDENTIAL_KEYS[key.place], owner_id())
            plain = wrapping.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], owner_id().bytes)
            _stores[0].replace(key.stored, _wrapped(plain))
    _data_keys(fresh=True)


def sealed_anew(sealed: str, *, table: str, pk: UUID, field: str) -> str | None:
    """Return a secret sealed under the newest data key; None when it is already. Raises ValueError as unseal() does."""
    is_new = sealed.startswith(MARK) and _decrypted(sealed, [_newest().cipher], _bound_to(table, pk, field)) is not None
    if is_new:
        return None
    return seal(unseal(sealed, table=table, pk=pk, field=field), table=table, pk=pk, field=field)


def reseal_column(rows: Any, *, column: str, field: str) -> int:
    """Seal a column of a model's manager anew, row by row; one that is written meanwhile keeps what was written."""
    changed = 0
    for pk, sealed in rows.exclude(**{column: ""}).values_list("pk", column).iterator():
        anew = sealed_anew(sealed, table=rows.model._meta.db_table, pk=pk, field=field)
        if anew is not None:
            changed += rows.filter(pk=pk, **{column: sealed}).update(**{column: anew})
    return changed
