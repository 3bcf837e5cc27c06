"""The verifiable packet: the released bytes with everything by which the payer can check them without us."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.api.releases import Release
from discharge.api.state import Desk
from discharge.casework.events import chained
from discharge.casework.events.record import ReviewRun
from discharge.casework.storage import blobs
from discharge.casework.storage.tables import EVENTS

_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Pack:
    """A rule pack that the review used."""

    pack: str
    version: str
    digest: str


@dataclass(frozen=True)
class Proof:
    """What a release can be checked by; ``hash`` follows from ``previous_hash`` and the event's bytes ``body``."""

    release_id: str
    released_at: datetime
    paper_name: str
    paper_digest: str
    review_digest: str
    review_as_of: datetime | None
    edition: str | None
    rules_digest: str | None
    payer_digest: str | None
    facts_digest: str | None
    engine_version: str | None
    packs: tuple[Pack, ...]
    seq: int
    body: bytes
    previous_hash: str
    hash: str

    @property
    def anchor(self) -> str:
        """Return place and hash as `discharge audit verify --head` takes them."""
        return f"{self.seq}:{self.hash}"

    @property
    def is_whole(self) -> bool:
        """Tell whether the stored event still gives its hash and names the paper."""
        names = orjson.loads(self.body)["payload"].get("document")
        return chained(self.previous_hash, self.body) == self.hash and names == self.paper_digest


def proof_of(desk: Desk, found: Release) -> Proof:
    """Return what the release can be checked by, from the ledger as it is stored."""
    said = found.said
    with desk.store.read() as connection:
        row = connection.execute(sa.select(EVENTS).where(EVENTS.c.event_id == found.event_id)).one()
        run = _run(connection, found.case_id, said.review_digest)
    review = desk.casework.review(found.case_id, said.review_digest)
    packs = [] if review is None else review.provenance.rules
    return Proof(
        release_id=said.release_id,
        released_at=found.released_at,
        paper_name=f"{said.paper}.{said.media_type.rpartition('/')[2]}",
        paper_digest=said.document,
        review_digest=said.review_digest,
        review_as_of=None if run is None else run.as_of,
        edition=None if run is None else run.edition,
        rules_digest=None if run is None else run.rules_digest,
        payer_digest=None if run is None else run.payer_digest,
        facts_digest=None if run is None else run.facts_digest,
        engine_version=None if run is None else run.engine_version,
        packs=tuple(Pack(one.pack, one.version, one.digest) for one in packs),
        seq=row.seq,
        body=bytes(row.body),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _run(connection: Connection, case_id: str, digest: str) -> ReviewRun | None:
    """Return the review run whose review the paper was printed from."""
    asked = sa.select(EVENTS.c.body).where(EVENTS.c.stream == case_id, EVENTS.c.kind == "review_run")
    for body in connection.scalars(asked.order_by(EVENTS.c.seq.desc())):
        payload = orjson.loads(bytes(body))["payload"]
        if payload["review_digest"] == digest:
            return ReviewRun.model_validate(payload)
    return None


def packet_of(desk: Desk, found: Release) -> bytes:
    """Return the packet as a zip, the same bytes every time."""
    proof = proof_of(desk, found)
    with desk.store.read() as connection:
        paper = blobs.get(connection, proof.paper_digest)
    files: dict[str, bytes] = {proof.paper_name: paper, "event.json": proof.body}
    files["packet.json"] = orjson.dumps(_told(proof), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    files["SHA256SUMS"] = _sums(files)
    files["CHECK.txt"] = _instructions(proof).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DAY), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _told(proof: Proof) -> dict[str, Any]:
    return {
        "release_id": proof.release_id,
        "released_at": proof.released_at,
        "paper": {"file": proof.paper_name, "sha256": proof.paper_digest},
        "review": {"sha256": proof.review_digest, "as_of": proof.review_as_of},
        "made_by": {
            "engine_version": proof.engine_version,
            "edition": proof.edition,
            "rules_digest": proof.rules_digest,
            "payer_profile_digest": proof.payer_digest,
            "facts_digest": proof.facts_digest,
            "packs": [vars(one) for one in proof.packs],
        },
        "event": {
            "file": "event.json",
            "place": proof.seq,
            "previous_hash": proof.previous_hash,
            "hash": proof.hash,
            "anchor": proof.anchor,
        },
    }


def _sums(files: dict[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return "".join(lines).encode()


def _instructions(proof: Proof) -> str:
    return f"""Release {proof.release_id}: how to check it

1. The files are those that were sent:

     sha256sum --check SHA256SUMS

2. The paper is the one that the hospital released. This must print {proof.paper_digest}:

     sha256sum {proof.paper_name}

3. The hospital's record of the release names this paper: event.json has "document": "{proof.paper_digest}"
   and "release_id": "{proof.release_id}".

4. The record stands in the hospital's ledger at place {proof.seq}. Each record is hashed together with the hash of
   the one before it. This must print {proof.hash}:

     {{ printf '%s\\n' {proof.previous_hash}; cat event.json; }} | sha256sum

5. Nothing before it was changed since. Keep this line:

     {proof.anchor}

   At any later time the hospital can show that its ledger still holds all records up to here as they were written:

     discharge audit verify --head {proof.anchor}

packet.json names the review from which the paper was printed (its SHA-256) and the rules and the payer profile that
were in force. The review itself stays at the hospital, which can print it again and show that it has this SHA-256.
"""
