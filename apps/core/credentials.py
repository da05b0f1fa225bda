"""Secrets at rest: AES-256-GCM under a key of the tenant (or the platform's own), bound to the very field they stand in.

The tenant's key is derived (HKDF-SHA256) from a list of master keys: the first encrypts, all decrypt. A row pasted
into another tenant, table, row or field does not decrypt.
"""

import base64
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from apps.core.tenancy import owner_id, scoped_or_public

NONCE_BYTES = 12
Reseal = Callable[[], int]
_rotations: list[Reseal] = []


def _key(master: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=owner_id().bytes, info=b"guildhall credentials").derive(master.encode())
    return AESGCM(derived)


def _bound_to(table: str, pk: UUID, field: str) -> bytes:
    return scoped_or_public("credential", table, pk, field).encode()


def seal(secret: str, *, table: str, pk: UUID, field: str) -> str:
    """Encrypt a secret for one field of one row of the active schema."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = _key(settings.CREDENTIAL_KEYS[0]).encrypt(nonce, secret.encode(), _bound_to(table, pk, field))
    return base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, table: str, pk: UUID, field: str) -> str:
    """Decrypt what seal() made for this very field. Raises ValueError for anything else."""
    raw = base64.b64decode(sealed)
    for master in settings.CREDENTIAL_KEYS:
        try:
            return _key(master).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(table, pk, field)).decode()
        except InvalidTag:
            continue
    raise ValueError("The stored credential was not made for this place, or its key is gone.")


# -- rotation ----------------------------------------------------------------------------------------------------


def on_rotation(reseal: Reseal) -> Reseal:
    """Have rotate() call a function that seals an app's secrets of the active tenant anew and returns how many it changed."""
    _rotations.append(reseal)
    return reseal


def rotate() -> int:
    """Seal every secret of the active tenant under the first master key; return how many were under another one."""
    return sum(reseal() for reseal in _rotations)


def sealed_anew(sealed: str, *, table: str, pk: UUID, field: str) -> str | None:
    """Return a secret sealed under the first master key; None when it is already. Raises ValueError as unseal() does."""
    raw = base64.b64decode(sealed)
    try:
        _key(settings.CREDENTIAL_KEYS[0]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(table, pk, field))
    except InvalidTag:
        return seal(unseal(sealed, table=table, pk=pk, field=field), table=table, pk=pk, field=field)
    return None


def reseal_column(rows: Any, *, column: str, field: str) -> int:
    """Seal a column of a model's manager anew, row by row; one that is written meanwhile keeps what was written."""
    changed = 0
    for pk, sealed in rows.exclude(**{column: ""}).values_list("pk", column).iterator():
        anew = sealed_anew(sealed, table=rows.model._meta.db_table, pk=pk, field=field)
        if anew is not None:
            changed += rows.filter(pk=pk, **{column: sealed}).update(**{column: anew})
    return changed
