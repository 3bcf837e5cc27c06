"""Bytes by their digest: reviews, rows of charts, editions of rules, documents. Never changed, kept once, zstd."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from discharge.casework.storage.tables import BLOBS, HEAD
from discharge.errors import StoreError

BlobKind: TypeAlias = Literal["review", "delta", "edition", "document", "access"]
_LEVEL = 6
_AT_ONCE = 500
"""Digests in one question; SQLite and PostgreSQL both take more."""


def digest_of(content: bytes) -> str:
    """Return the digest by which the bytes are kept: SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def put(connection: Connection, kind: BlobKind, content: bytes) -> str:
    """Keep the bytes and return their digest. Bytes that are there already are not written again."""
    return put_many(connection, kind, [content])[0]


def put_many(connection: Connection, kind: BlobKind, contents: Iterable[bytes]) -> list[str]:
    """Keep each and return the digests in the order given."""
    given = list(contents)
    digests = [digest_of(content) for content in given]
    there = present(connection, digests)
    rows = {
        digest: {"digest": digest, "kind": kind, "size": len(content), "content": _packed(content)}
        for digest, content in zip(digests, given, strict=True)
        if digest not in there
    }
    if rows:
        # Take the turn now, as for an event: on PostgreSQL two writers who took it after different steps, one after
        # his blob and one before, would wait for each other.
        connection.execute(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())
        # Another writer may have put the same bytes a moment ago, which is as good.
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(BLOBS).on_conflict_do_nothing(), list(rows.values()))
    return digests


def get(connection: Connection, digest: str) -> bytes:
    """Return the bytes of a digest.

    Raises:
        StoreError: they are not there, or are not what was put.
    """
    row = connection.execute(sa.select(BLOBS.c.size, BLOBS.c.content).where(BLOBS.c.digest == digest)).first()
    if row is None:
        raise StoreError(f"the store holds no blob {digest}")
    content = unpacked(row.content, row.size)
    if content is None or digest_of(content) != digest:
        raise StoreError(f"blob {digest} was altered; run `discharge audit verify`")
    return content


def present(connection: Connection, digests: Sequence[str]) -> frozenset[str]:
    """Return which of the digests are there."""
    found: set[str] = set()
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        found.update(connection.scalars(sa.select(BLOBS.c.digest).where(BLOBS.c.digest.in_(some))))
    return frozenset(found)


def altered(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Return what is wrong, by digest, with those that are missing or whose bytes are not what was put."""
    wrong = dict.fromkeys(digests, "is missing")
    columns = sa.select(BLOBS.c.digest, BLOBS.c.size, BLOBS.c.content)
    for start in range(0, len(digests), _AT_ONCE):
        for row in connection.execute(columns.where(BLOBS.c.digest.in_(digests[start : start + _AT_ONCE]))):
            content = unpacked(row.content, row.size)
            if content is not None and digest_of(content) == row.digest:
                wrong.pop(row.digest, None)
            else:
                wrong[row.digest] = "was altered"
    return wrong


def _packed(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd", compression_level=_LEVEL).compress(content, asbytes=True)
    return packed


def unpacked(packed: bytes, size: int) -> bytes | None:
    """Return the bytes before compression, ``size`` of them; None where they can't be read."""
    try:
        content: bytes = pa.decompress(bytes(packed), decompressed_size=size, codec="zstd", asbytes=True)
    except (pa.ArrowException, OSError, ValueError):
        return None
    return content if len(content) == size else None
